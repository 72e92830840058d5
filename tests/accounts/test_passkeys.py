"""Passkeys: added, used alone or as a second factor, and refused when they lie."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from accounts import audit
from accounts.models import User
from accounts.services.members import has_way_in
from tests.accounts.passkeys import LOGIN, SoftPasskey, add, login_options
from tests.accounts.signing_in import (
    just_signed_in,
    make_member,
    newest_letter,
    sign_in,
)
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

INDEX = "/accounts/2fa/"
STEP = "/accounts/2fa/authenticate/"
AGAIN = "/accounts/reauthenticate/"


@pytest.fixture
def passkey(client: Client) -> SoftPasskey:
    """Return the passkey of Alice, who is signed out again."""
    make_member("alice@example.com")
    sign_in(client, "alice@example.com")
    client.post(AGAIN, {"password": PASSWORD})
    made = SoftPasskey()
    add(client, made)
    client.post("/accounts/logout/")
    return made


def enter(client: Client, credential: str) -> bool:
    """Post a credential to the sign-in door, and tell whether it opened."""
    client.post(LOGIN, {"credential": credential})
    return client.get(INDEX).status_code == 200


def test_passkey_is_added_with_recovery_codes(
    client: Client, passkey: SoftPasskey
) -> None:
    kinds = Authenticator.objects.order_by("type").values_list("type", flat=True)
    assert list(kinds) == ["recovery_codes", "webauthn"]
    assert newest_letter()[1] == "Keyfob: A passkey was added"
    alice = User.objects.get()
    entry = audit.entries_of(alice).get(action="mfa.added")
    assert entry.detail == {"type": "webauthn"}


def test_passkey_signs_in_alone(client: Client, passkey: SoftPasskey) -> None:
    answer = client.post(
        LOGIN,
        {"credential": passkey.get(login_options(client)), "next": "/console/tokens"},
    )
    assert answer["Location"] == "/console/tokens"
    assert client.get(INDEX).status_code == 200
    entry = audit.entries_of(User.objects.get()).filter(action="sign_in").first()
    assert entry is not None
    assert entry.detail == {"by": ["webauthn"]}


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example.net"},
        {"origin": "http://sub.localhost:8000"},
        {"origin": "http://localhost:9000"},
        {"rp_id": "evil.example.net"},
        {"credential_id": b"another credential"},
        {"user_handle": "AAAA"},
    ],
    ids=str,
)
def test_passkey_that_lies_is_refused(
    client: Client, passkey: SoftPasskey, lie: dict[str, Any]
) -> None:
    for name, value in lie.items():
        setattr(passkey, name, value)
    assert not enter(client, passkey.get(login_options(client)))


def test_passkey_of_another_key_is_refused(
    client: Client, passkey: SoftPasskey
) -> None:
    passkey.key = SoftPasskey().key
    assert not enter(client, passkey.get(login_options(client)))


def test_challenge_works_once_and_in_its_own_browser(
    client: Client, passkey: SoftPasskey
) -> None:
    credential = passkey.get(login_options(client))
    assert not enter(Client(), credential)
    stranger = Client()
    login_options(stranger)
    assert not enter(stranger, credential)
    assert enter(client, credential)
    client.post("/accounts/logout/")
    assert not enter(client, credential)
    login_options(client)
    assert not enter(client, credential)


def test_passkey_does_not_open_another_account(
    client: Client, passkey: SoftPasskey
) -> None:
    bob = make_member("bob@example.com")
    browser = Client()
    sign_in(browser, "bob@example.com")
    browser.post(AGAIN, {"password": PASSWORD})
    other = SoftPasskey()
    add(browser, other)
    passkey.user_handle = other.user_handle
    assert not enter(client, passkey.get(login_options(client)))
    assert not audit.entries_of(bob).filter(detail={"by": ["webauthn"]}).exists()


def test_disabled_member_s_passkey_opens_nothing(
    client: Client, passkey: SoftPasskey
) -> None:
    User.objects.update(is_active=False)
    assert not enter(client, passkey.get(login_options(client)))


def test_passkey_is_a_second_factor_after_the_password(
    client: Client, passkey: SoftPasskey
) -> None:
    assert sign_in(client, "alice@example.com")["Location"] == STEP
    context = client.get(STEP).context
    options = json.loads(
        json.dumps(context["js_data"]["request_options"], default=dict)
    )
    nonsense = client.post(STEP, {"credential": "{}"})
    assert nonsense.status_code == 200
    options = json.loads(
        json.dumps(nonsense.context["js_data"]["request_options"], default=dict)
    )
    answer = client.post(STEP, {"credential": passkey.get(options)})
    assert answer["Location"] == "/console/"


def test_passkey_is_a_proof(client: Client, passkey: SoftPasskey) -> None:
    enter(client, passkey.get(login_options(client)))
    again = "/accounts/2fa/webauthn/reauthenticate/?next=/accounts/2fa/recovery-codes/"
    page = client.get(again)
    assert "Use your passkey first." in page.content.decode()
    options = json.loads(
        json.dumps(page.context["js_data"]["request_options"], default=dict)
    )
    answer = client.post(again, {"credential": passkey.get(options)})
    assert answer["Location"] == "/accounts/2fa/recovery-codes/"
    assert client.get(answer["Location"]).status_code == 200


def test_passkey_is_renamed_and_removed(client: Client, passkey: SoftPasskey) -> None:
    enter(client, passkey.get(login_options(client)))
    key = f"/accounts/2fa/webauthn/keys/{Authenticator.objects.get(type='webauthn').pk}"
    assert client.get(f"{key}/remove/")["Location"].startswith(AGAIN)
    client.post(AGAIN, {"password": PASSWORD})
    assert "Rename a passkey" in client.get(f"{key}/edit/").content.decode()
    client.post(f"{key}/edit/", {"name": "Old phone"})
    shown = client.get("/accounts/2fa/webauthn/").content.decode()
    assert "<strong>Old phone</strong>" in shown
    assert "signs in alone" in shown
    assert "Remove Old phone?" in client.get(f"{key}/remove/").content.decode()
    client.post(f"{key}/remove/")
    assert not Authenticator.objects.exists()
    assert newest_letter()[1] == "Keyfob: A passkey was removed"


def test_passkey_is_not_removed_without_a_fresh_proof(
    client: Client, passkey: SoftPasskey
) -> None:
    enter(client, passkey.get(login_options(client)))
    key = Authenticator.objects.get(type="webauthn")
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        answer = client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")
    assert "reauthenticate" in answer["Location"]
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_passkey_of_another_site_cannot_be_added(client: Client) -> None:
    make_member("alice@example.com")
    sign_in(client, "alice@example.com")
    client.post(AGAIN, {"password": PASSWORD})
    answer = add(client, SoftPasskey(origin="https://evil.example.net"))
    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors() == ["Incorrect code."]
    empty = client.post("/accounts/2fa/webauthn/add/", {"credential": ""})
    assert empty.status_code == 200
    assert not Authenticator.objects.exists()


def test_passkey_opens_an_account_without_an_address(client: Client) -> None:
    member = User.objects.create_user(None, name="Dora")
    client.force_login(
        member, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    just_signed_in(client, member)
    made = SoftPasskey()
    add(client, made)
    client.post("/accounts/logout/")
    answer = client.post(LOGIN, {"credential": made.get(login_options(client))})
    assert answer["Location"] == "/console/"
    assert client.get(INDEX).status_code == 200
    assert has_way_in(member)
