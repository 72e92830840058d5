"""The list of sessions, and ending them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts import audit
from accounts.models import Letter, User
from accounts.services.letters import body_of
from accounts.tasks import tidy
from tests.accounts.signing_in import make_member, sign_in, signed_in
from tests.accounts.test_audit import FIREFOX, actions_of

pytestmark = pytest.mark.django_db

SESSIONS = "/console/account/sessions"
OTHERS = "/console/account/sessions/end-others"
ClientOf = Callable[[User], Client]


@pytest.fixture
def member() -> User:
    """Return a member who can sign in by password."""
    return make_member("alice@example.com")


def enter(user_agent: str = "curl/8.17") -> Client:
    """Return a browser in which Alice is signed in."""
    client = Client(headers={"User-Agent": user_agent})
    sign_in(client, "alice@example.com")
    return client


def end_of(client: Client) -> str:
    """Return the address that ends the session of a browser."""
    session = UserSession.objects.get(session_key=client.session.session_key)
    return f"{SESSIONS}/{session.pk}/end"


def test_sessions_are_listed_this_one_first(member: User) -> None:
    here, there = enter(FIREFOX), enter("<b>curl</b>")
    answer = here.get(SESSIONS)
    places = answer.context["places"]
    assert [(place.program, place.is_here) for place in places] == [
        ("Firefox on Linux", True),
        ("<b>curl</b>", False),
    ]
    page = answer.content.decode()
    assert "127.0.0.1" in page
    assert "&lt;b&gt;curl&lt;/b&gt;" in page
    assert page.count("this browser") == 1
    assert "Sign out everywhere else" in page
    there.post("/accounts/logout/")
    assert "Sign out everywhere else" not in here.get(SESSIONS).content.decode()


def test_one_session_is_ended(member: User) -> None:
    here, there, third = enter(), enter(), enter()
    assert here.post(end_of(there))["Location"] == SESSIONS
    assert [signed_in(client) for client in (here, there, third)] == [True, False, True]
    assert actions_of(member)[-1] == "session.ended"


def test_ending_this_session_is_signing_out(member: User) -> None:
    here = enter()
    assert here.post(end_of(here))["Location"] == "/accounts/logout/"
    assert signed_in(here)


def test_session_that_is_not_on_the_list_is_ended_too(member: User) -> None:
    here, there = enter(), enter()
    UserSession.objects.filter(session_key=there.session.session_key).delete()
    here.post(OTHERS)
    assert [signed_in(client) for client in (here, there)] == [True, False]


def test_all_others_are_ended(member: User) -> None:
    here, there, third = enter(), enter(), enter()
    here.post(OTHERS)
    assert [signed_in(client) for client in (here, there, third)] == [
        True,
        False,
        False,
    ]
    entry = audit.entries_of(member).order_by("-pk")[0]
    assert (entry.action, entry.detail) == ("session.ended", {"count": 2})
    here.post(OTHERS)
    assert actions_of(member).count("session.ended") == 1


def test_sessions_of_another_are_out_of_reach(
    member: User, client_of: ClientOf, charlie: User
) -> None:
    here = enter()
    theirs = client_of(charlie)
    assert theirs.post(end_of(here)).status_code == 404
    theirs.post(OTHERS)
    assert signed_in(here)
    assert len(theirs.get(SESSIONS).context["places"]) == 1


def test_sessions_are_ended_by_post_alone(member: User, client: Client) -> None:
    here = enter()
    assert here.get(OTHERS).status_code == 405
    assert here.get(end_of(here)).status_code == 405
    assert client.get(SESSIONS)["Location"] == f"/accounts/login/?next={SESSIONS}"
    assert client.post(OTHERS).status_code == 302


def test_session_behind_a_unix_socket_is_listed(member: User) -> None:
    client = Client(REMOTE_ADDR="")
    sign_in(client, "alice@example.com")
    assert "0.0.0.0" in client.get(SESSIONS).content.decode()


def test_tidy_forgets_the_rows_of_ended_sessions(member: User) -> None:
    here, there = enter(), enter()
    there.post("/accounts/logout/")
    tidy()
    assert UserSession.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        tidy()
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()
    assert not signed_in(here)


def test_new_place_writes_a_letter(member: User) -> None:
    enter(FIREFOX)
    assert not letters()
    enter(FIREFOX)
    assert not letters()
    client = Client(headers={"User-Agent": FIREFOX}, REMOTE_ADDR="198.51.100.7")
    sign_in(client, "alice@example.com")
    (text,) = letters()
    assert "from the address 198.51.100.7" in text
    assert "Firefox/145.0" in text


def letters() -> list[str]:
    """Return the letters about sign-ins from new places."""
    found = Letter.objects.filter(subject="Keyfob: A sign-in from a new place")
    return [body_of(letter) or "" for letter in found]
