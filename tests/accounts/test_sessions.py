"""How long a session lives."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.sessions import SessionStore
from tests.accounts.signing_in import signed_in

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


@pytest.fixture
def begun_at() -> datetime:
    """Return the moment of the sign-in."""
    return timezone.now()


def _visit_daily(client: Client, begun_at: datetime, days: range) -> list[bool]:
    visits = []
    for day in days:
        with time_machine.travel(begun_at + timedelta(days=day, minutes=5), tick=False):
            visits.append(signed_in(client))
    return visits


def test_session_in_daily_use_ends_thirty_days_after_sign_in(
    client_of: ClientOf, alice: User, begun_at: datetime
) -> None:
    client = client_of(alice)
    assert _visit_daily(client, begun_at, range(1, 30)) == [True] * 29
    assert _visit_daily(client, begun_at, range(30, 32)) == [False] * 2


def test_session_out_of_use_ends_after_fourteen_days(
    client_of: ClientOf, alice: User, begun_at: datetime
) -> None:
    client = client_of(alice)
    assert _visit_daily(client, begun_at, range(13, 14)) == [True]
    assert _visit_daily(client, begun_at, range(28, 29)) == [False]


def test_session_in_use_is_written_once_a_day(
    client_of: ClientOf, alice: User, begun_at: datetime
) -> None:
    client = client_of(alice)
    later = begun_at + timedelta(days=2)
    with time_machine.travel(later, tick=False):
        first = client.get("/accounts/password/change/")
        second = client.get("/accounts/password/change/")
    assert ("sessionid" in first.cookies, "sessionid" in second.cookies) == (
        True,
        False,
    )


def test_session_without_its_sign_in_time_is_refused(
    client_of: ClientOf, alice: User
) -> None:
    client = client_of(alice)
    session = client.session
    del session["signed_in_at"]
    session.save()
    assert not signed_in(client)


def test_session_too_old_leads_to_the_login_page(
    client_of: ClientOf, alice: User, begun_at: datetime
) -> None:
    client = client_of(alice)
    session = client.session
    session["signed_in_at"] = (begun_at - timedelta(days=31)).timestamp()
    session.save()
    response = client.get("/console/")
    assert response["Location"] == "/accounts/login/?next=/console/"


def test_session_of_nobody_has_no_age() -> None:
    store = SessionStore()
    store["theme"] = "dark"
    store.save()
    assert SessionStore(store.session_key).load() == {"theme": "dark"}


@pytest.mark.django_db(transaction=True)
def test_session_ages_in_asynchronous_views_too(
    client_of: ClientOf, alice: User, begun_at: datetime
) -> None:
    session_key = client_of(alice).session.session_key
    fresh = async_to_sync(SessionStore(session_key).aload)()
    assert fresh["_auth_user_id"] == str(alice.pk)
    session = SessionStore(session_key)
    session["signed_in_at"] = (begun_at - timedelta(days=31)).timestamp()
    session.save()
    assert async_to_sync(SessionStore(session_key).aload)() == {}
