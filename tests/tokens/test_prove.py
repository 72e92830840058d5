"""Is it still you? Who signs in by Tesla alone is asked to do that once more."""

from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import audit
from accounts.models import User
from accounts.services import invitations
from simulator.testing import RunningSimulator
from tests.accounts.factors import code_now, set_up_app
from tests.tokens.helpers import ClientOf, MakeGrant, fresh_client
from tokens.models import TeslaGrant

SIGN_IN = "/accounts/tesla/sign-in"
PROVE = "/accounts/tesla/prove"
SET_UP = "/accounts/2fa/totp/activate/"


@pytest.fixture(autouse=True)
def _tesla(registered: RunningSimulator, settings: Settings) -> None:
    """Have a Tesla that knows our application, and let new members in."""
    settings.SIGNUP_OPEN = True


def go(
    client: Client, simulator: RunningSimulator, person: str, **fields: str
) -> tuple[int, str]:
    """Go to Tesla and back; return the status and where it leads."""
    location = client.post(SIGN_IN, fields)["Location"]
    back = urlsplit(simulator.follow(location, person))
    answer = client.get(f"{back.path}?{back.query}")
    return answer.status_code, answer.get("Location", answer.content.decode())


def later(minutes: int = 6) -> time_machine.travel:
    """Return a trip into the future, to when a sign-in proves nothing any more."""
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes))


@pytest.fixture
def visitor(simulator: RunningSimulator) -> Client:
    """Return the browser of somebody who has just signed in by Tesla alone."""
    client = Client()
    assert go(client, simulator, "alice@example.com") == (302, "/console/")
    return client


def test_fresh_sign_in_is_a_proof(visitor: Client) -> None:
    assert visitor.get(SET_UP).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        SET_UP,
        "/accounts/2fa/webauthn/add/",
        "/accounts/password/set/",
    ],
)
def test_dangerous_page_asks_who_has_tesla_alone(
    visitor: Client, simulator: RunningSimulator, address: str
) -> None:
    with later():
        answer = visitor.get(address, follow=True)
        proof = f"{PROVE}?{urlencode({'next': address})}"
        assert answer.redirect_chain[-1][0] == proof
        assert "sign in with Tesla once more" in answer.content.decode()
        fields = {"purpose": "again", "next": proof}
        assert go(visitor, simulator, "alice@example.com", **fields) == (302, proof)
        assert visitor.get(proof)["Location"] == address
        assert visitor.get(address).status_code == 200


def test_change_of_the_address_and_unlinking_ask_too(
    visitor: Client, simulator: RunningSimulator
) -> None:
    grant = TeslaGrant.objects.get()
    unlink = f"/console/scopes/{grant.pk}/unlink"
    with later():
        move = {"email": "moved@example.com", "action_add": ""}
        asked = "/accounts/reauthenticate/"
        assert visitor.post("/accounts/email/", move)["Location"].startswith(asked)
        assert visitor.post(unlink)["Location"].startswith(asked)
        assert TeslaGrant.objects.exists()


def test_what_allauth_keeps_of_a_form_is_done_after_the_proof(
    visitor: Client, simulator: RunningSimulator
) -> None:
    generate = "/accounts/2fa/recovery-codes/generate/"
    with later():
        proof = visitor.post(generate)["Location"]
        assert proof == f"{PROVE}?{urlencode({'next': generate})}"
        go(visitor, simulator, "alice@example.com", purpose="again", next=proof)
        page = visitor.get(proof).content.decode()
    assert "You cannot generate recovery codes without" in page


def test_other_tesla_account_proves_nothing_and_is_not_linked(
    visitor: Client, simulator: RunningSimulator
) -> None:
    with later():
        status, page = go(visitor, simulator, "bob@example.com", purpose="again")
        assert status == 403
        assert "Nothing was stored" in page
        assert visitor.get(SET_UP).status_code == 302
    assert TeslaGrant.objects.count() == 1


def test_proof_without_a_place_to_go_leads_to_the_console(visitor: Client) -> None:
    for there in (PROVE, f"{PROVE}?next=https://evil.example.net/"):
        assert visitor.get(there)["Location"] == "/console/"


def test_who_has_a_password_is_asked_for_it(alice: User) -> None:
    client = fresh_client(alice)
    answer = client.get(SET_UP)
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    answer = Client().get(PROVE)
    assert answer["Location"] == f"/accounts/login/?next={PROVE}"


def test_tesla_proves_nothing_for_who_has_another_way(
    visitor: Client, simulator: RunningSimulator
) -> None:
    set_up_app(User.objects.get())
    with later():
        again = go(visitor, simulator, "alice@example.com", purpose="again")
        assert again == (302, "/console/scopes")
        for address in ("/accounts/2fa/totp/deactivate/", "/accounts/password/set/"):
            answer = visitor.get(address, follow=False)
            assert answer["Location"].startswith("/accounts/")
            assert "reauthenticate" in answer["Location"]


def test_tesla_does_not_go_around_a_second_factor(
    visitor: Client, simulator: RunningSimulator
) -> None:
    set_up_app(User.objects.get())
    browser = Client()
    step = "/accounts/2fa/authenticate/"
    assert go(browser, simulator, "alice@example.com") == (302, step)
    assert browser.get("/console/").status_code == 302
    assert browser.post(step, {"code": code_now()})["Location"] == "/console/"
    assert browser.get("/console/").status_code == 200
    with later():
        # With an app, Tesla is no longer the only way to prove it.
        answer = browser.get("/accounts/2fa/recovery-codes/")
        assert answer["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert Authenticator.objects.count() == 2


def test_sign_in_and_links_are_in_the_trail(
    visitor: Client, simulator: RunningSimulator
) -> None:
    user = User.objects.get()
    go(visitor, simulator, "bob@example.com", purpose="link")
    grant = TeslaGrant.objects.get(tesla_email="bob@example.com")
    visitor.post(f"/console/scopes/{grant.pk}/unlink")
    entries = audit.entries_of(user).order_by("pk")
    assert list(entries.values_list("action", flat=True)) == [
        "grant.linked",
        "sign_in",
        "grant.linked",
        "grant.unlinked",
    ]
    assert entries[1].detail == {"by": ["tesla"]}
    assert entries[2].detail["region"] == "eu"
    kept = str(list(entries.values()))
    assert "alice" not in kept
    assert "bob" not in kept


def test_invited_person_joins_with_tesla(
    simulator: RunningSimulator, owner: User, settings: Settings
) -> None:
    settings.SIGNUP_OPEN = False
    _, secret = invitations.invite(owner, "dora@example.com", "member")
    browser = Client()
    page = browser.get(f"/invitation/{secret}").content.decode()
    assert f'<input type="hidden" name="invitation" value="{secret}">' in page
    there = go(browser, simulator, "alice@example.com", invitation=secret)
    assert there == (302, "/console/")
    dora = User.objects.get(email="dora@example.com")
    assert TeslaGrant.objects.get().user == dora
    assert not dora.has_usable_password()
    actions = audit.entries_of(dora).order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["grant.linked", "member.joined", "sign_in"]
    status, page = go(Client(), simulator, "bob@example.com", invitation=secret)
    assert status == 410
    assert "This invitation has ended" in page
    assert TeslaGrant.objects.count() == 1


def test_invitation_of_who_is_here_already_is_not_used_up(
    visitor: Client, simulator: RunningSimulator, owner: User
) -> None:
    invitation, secret = invitations.invite(owner, "dora@example.com", "member")
    there = go(Client(), simulator, "alice@example.com", invitation=secret)
    assert there == (302, "/console/")
    assert list(invitations.open_ones()) == [invitation]


def test_door_of_tesla_is_limited(db: None) -> None:
    client = Client()
    statuses = [client.post(SIGN_IN).status_code for _ in range(31)]
    assert statuses == [302] * 30 + [429]


def test_proof_of_one_who_links_again_is_in_force(
    make_grant: MakeGrant, client_of: ClientOf, db: None, simulator: RunningSimulator
) -> None:
    member = User.objects.create_user("dora@example.com")
    make_grant(member)
    client = client_of(member)
    assert client.get(SET_UP).status_code == 302
    go(client, simulator, "alice@example.com", purpose="again")
    assert client.get(SET_UP).status_code == 200
