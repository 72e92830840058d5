"""Nobody locks themselves out: the only way to sign in is not removed."""

import time

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import User
from tests.accounts.factors import set_up_app
from tests.accounts.passkeys import SoftPasskey, add
from tests.accounts.signing_in import just_signed_in
from tests.factories import PASSWORD, make_bare_grant
from tokens.services import grants

pytestmark = pytest.mark.django_db

KEYS = "/accounts/2fa/webauthn/"
ONLY_WAY = "This passkey is your only way to sign in."


@pytest.fixture
def dora() -> User:
    """Return Dora, who has neither an address nor a password."""
    return User.objects.create_user(None, name="Dora")


@pytest.fixture
def doras(client: Client, dora: User) -> Client:
    """Return Dora's browser, just signed in; she has one passkey."""
    client.force_login(
        dora, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    just_signed_in(client, dora)
    add(client, SoftPasskey())
    return again(client)


def again(client: Client) -> Client:
    """Let a client's session have proved once more who it is."""
    session = client.session
    record = {"method": "mfa", "at": time.time(), "reauthenticated": True}
    session["account_authentication_methods"] = [record]
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session.save()
    return client


def keys() -> list[int]:
    """Return the passkeys there are."""
    found = Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN)
    return list(found.order_by("pk").values_list("pk", flat=True))


def address(pk: int) -> str:
    return f"{KEYS}keys/{pk}/remove/"


@pytest.mark.parametrize("method", ["get", "post"])
def test_only_passkey_is_not_removed_and_the_page_says_what_to_add(
    doras: Client, method: str
) -> None:
    (pk,) = keys()
    answer = getattr(doras, method)(address(pk), follow=True)
    assert answer.redirect_chain == [(KEYS, 302)]
    page = answer.content.decode()
    assert ONLY_WAY in page
    assert "Add another passkey, link a Tesla account, or set an e-mail" in page
    assert keys() == [pk]


def test_one_of_two_passkeys_is_removed_and_the_other_is_not(doras: Client) -> None:
    add(doras, SoftPasskey(), "My other phone")
    first, second = keys()
    assert doras.get(address(first)).status_code == 200
    doras.post(address(first))
    assert keys() == [second]
    assert ONLY_WAY in doras.post(address(second), follow=True).content.decode()
    assert keys() == [second]


def test_passkey_goes_where_a_tesla_account_lets_in_and_then_that_stays(
    doras: Client, dora: User
) -> None:
    grant = make_bare_grant(dora)
    (pk,) = keys()
    doras.post(address(pk))
    assert keys() == []
    with pytest.raises(grants.OnlyWayIn):
        grants.unlink(grant)


def test_passkey_goes_where_a_password_lets_in(doras: Client, dora: User) -> None:
    dora.email = "dora@example.com"
    dora.set_password(PASSWORD)
    dora.save()
    doras.force_login(
        dora, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    again(doras)
    (pk,) = keys()
    doras.post(address(pk))
    assert keys() == []


def test_passkey_that_opens_nothing_alone_may_go(doras: Client) -> None:
    (pk,) = keys()
    key = Authenticator.objects.get(pk=pk)
    key.data["credential"]["clientExtensionResults"] = {"credProps": {"rk": False}}
    key.save()
    doras.post(address(pk))
    assert keys() == []


def test_app_is_no_way_in_and_takes_none_away(doras: Client, dora: User) -> None:
    set_up_app(dora)
    doras.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()
    assert len(keys()) == 1


def test_passkey_of_somebody_else_is_not_found(
    doras: Client, alice: User, client: Client
) -> None:
    (pk,) = keys()
    client.force_login(
        alice, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    again(client)
    assert client.post(address(pk)).status_code == 404
    assert keys() == [pk]


def test_address_that_the_password_needs_is_not_removed(
    client: Client, dora: User
) -> None:
    dora.email = "dora@example.com"
    dora.set_password(PASSWORD)
    dora.save()
    dora.emailaddress_set.create(  # type: ignore[attr-defined]  # allauth's relation
        email=dora.email, primary=True, verified=True
    )
    client.force_login(
        dora, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    again(client)
    client.post("/accounts/email/", {"email": dora.email, "action_remove": ""})
    dora.refresh_from_db()
    assert dora.email == "dora@example.com"
