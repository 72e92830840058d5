"""The way to Tesla: what is asked for, and where the browser goes afterwards."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.tokens.helpers import ClientOf, fresh_client

ADDRESS = "/accounts/tesla/sign-in"


def _asked(client: Client, **fields: str) -> dict[str, str]:
    answer = client.post(ADDRESS, fields)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def _destination(client: Client, state: str) -> str:
    kept: str = client.session["tesla_attempts"][state]["next"]
    return kept


def test_sign_in_asks_tesla_for_our_scopes(
    simulator: RunningSimulator, db: None
) -> None:
    client = Client()
    answer = client.post(ADDRESS, {"purpose": "sign_in"})
    assert answer["Location"].startswith(simulator.addresses.authorize_url + "?")
    asked = _asked(client, purpose="sign_in")
    state, nonce = asked.pop("state"), asked.pop("nonce")
    assert asked == {
        "response_type": "code",
        "client_id": settings.TESLA_CLIENT_ID,
        "redirect_uri": "http://localhost:8000/accounts/tesla/callback",
        "scope": " ".join(settings.TESLA_SCOPES),
    }
    assert len(state) >= 40
    assert len(nonce) >= 40
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_link_lets_the_person_choose_another_account(alice: User) -> None:
    assert _asked(fresh_client(alice), purpose="link")["prompt"] == "login"


def test_link_asks_first_who_signed_in_some_time_ago(
    alice: User, client_of: ClientOf
) -> None:
    client = client_of(alice)
    answer = client.post(ADDRESS, {"purpose": "link"})
    assert answer["Location"] == "/accounts/reauthenticate/?next=%2Fconsole%2Fscopes"
    assert "tesla_attempts" not in client.session
    assert _asked(client, purpose="again")["prompt"] == "login"


def test_link_asks_at_tesla_who_has_no_password(
    alice: User, client_of: ClientOf
) -> None:
    alice.set_unusable_password()
    alice.save()
    page = (
        client_of(alice)
        .post(ADDRESS, {"purpose": "link"}, follow=True)
        .content.decode()
    )
    assert "sign in with Tesla once more" in page
    assert 'name="purpose" value="again"' in page


def test_scopes_keep_the_account_and_ask_for_what_is_missing(
    alice: User, client_of: ClientOf
) -> None:
    asked = _asked(client_of(alice), purpose="scopes")
    assert "prompt" not in asked
    assert asked["prompt_missing_scopes"] == "true"


def test_sign_in_takes_no_get(db: None) -> None:
    assert Client().get(ADDRESS).status_code == 405


def test_sign_in_wants_a_csrf_token(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(ADDRESS, {"purpose": "sign_in"}).status_code == 403
    assert "tesla_attempts" not in client.session


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "",
    ],
)
def test_next_stays_on_this_site(db: None, wanted: str) -> None:
    client = Client()
    asked = _asked(client, purpose="sign_in", next=wanted)
    assert _destination(client, asked["state"]) == "/console/"
    asked = _asked(client, purpose="scopes", next=wanted)
    assert _destination(client, asked["state"]) == "/console/scopes"


def test_next_on_this_site_is_kept(db: None) -> None:
    client = Client()
    asked = _asked(client, purpose="nonsense", next="/key?a=1")
    assert _destination(client, asked["state"]) == "/key?a=1"


def test_session_keeps_the_newest_five_attempts(db: None) -> None:
    client = Client()
    states = [_asked(client)["state"] for _ in range(7)]
    assert list(client.session["tesla_attempts"]) == states[-5:]


def test_redirect_uri_is_ours_whatever_is_sent(db: None) -> None:
    asked = _asked(Client(), redirect_uri="https://evil.example/", scope="none")
    assert asked["redirect_uri"] == f"{settings.PUBLIC_URL}/accounts/tesla/callback"
