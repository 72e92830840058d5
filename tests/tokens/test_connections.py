"""What becomes of connections where two ask at the same moment, and of codes unused."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from django.db import connection, connections as databases, transaction
from django.utils import timezone

from accounts.models import User
from tests.locks import WAITS_FOR_US
from tests.tokens.connecting import Installation, allowed, exchanged
from tokens.models import MOST_ACCESS_TOKENS, AccessToken, ConnectCode, HourlyToken
from tokens.services import access_tokens, connections

pytestmark = pytest.mark.django_db(transaction=True)
_T = TypeVar("_T")


def beside(thread: ThreadPoolExecutor, work: Callable[[], _T]) -> "Future[_T]":
    """Begin work on a connection of its own; return when it waits for a lock of ours."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one write at a time")

    def run() -> _T:
        try:
            return work()
        finally:
            databases.close_all()

    begun = thread.submit(run)
    end_at_s = time.monotonic() + 10
    while time.monotonic() < end_at_s:
        with connection.cursor() as cursor:
            cursor.execute(WAITS_FOR_US)
            if cursor.fetchone() is not None:
                return begun
        time.sleep(0.02)
    raise AssertionError("nobody waits")


def test_code_that_comes_twice_while_its_program_fetches_a_token_stops_neither(
    alice: User,
) -> None:
    one = Installation()
    code = allowed(alice, one)
    pair = exchanged(code, one)
    HourlyToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            AccessToken.objects.select_for_update().get()
            again = beside(thread, lambda: exchanged(code, one))
            # This deletes the hourly token that is over.
            connections.refresh(pair.refresh_token, client_id="homeassistant")
        with pytest.raises(connections.CodeReused):
            again.result()
    assert AccessToken.objects.count() == 0


def test_migrate_takes_nothing_from_who_fetches_a_token_at_that_moment(
    alice: User,
) -> None:
    _, text = access_tokens.issue(alice, "pasted")

    def migrated() -> connections.Pair:
        return connections.migrate(text, client_id="homeassistant", name="Home")

    first = migrated()
    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            connections.refresh(first.refresh_token, client_id="homeassistant")
            other = beside(thread, migrated)
        assert other.result().connection != first.connection
    for pair in (first, other.result()):
        connections.refresh(pair.refresh_token, client_id="homeassistant")


def test_codes_that_nobody_fetches_are_few(alice: User) -> None:
    installations = [Installation() for _ in range(MOST_ACCESS_TOKENS + 2)]
    codes = [allowed(alice, one) for one in installations]
    assert ConnectCode.objects.count() == MOST_ACCESS_TOKENS
    with pytest.raises(connections.NotConnected):
        exchanged(codes[1], installations[1])
    exchanged(codes[2], installations[2])
