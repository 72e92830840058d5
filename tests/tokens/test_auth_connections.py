"""Looking connections of programs up: an hourly token ends, then its connection."""

import asyncio
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from tests.clocks import Clock
from tests.tokens.connecting import connected
from tests.tokens.helpers import Run, remove
from tokens import auth
from tokens.auth import Caller, TokenCache
from tokens.models import AccessToken, HourlyToken
from tokens.services import access_tokens

pytestmark = pytest.mark.django_db(transaction=True)


def test_hourly_token_is_not_remembered_beyond_its_end(
    alice: User, run: Run, clock: Clock
) -> None:
    pair = connected(alice)
    row = pair.connection
    ends_at = timezone.now() + timedelta(seconds=0.5)
    HourlyToken.objects.update(expires_at=ends_at)

    async def work(cache: TokenCache) -> list[bool]:
        found = [await cache.identify(pair.access_token) is not None]
        await asyncio.to_thread(_end, pair.connection)
        for after_s in (0.2, 0.35):
            clock.now_s += after_s
            found.append(await cache.identify(pair.access_token) is not None)
        found.append(await cache.stands(row.pk) is not None)
        return found

    assert run(work) == [True, True, False, True]


def test_connection_stands_until_it_is_removed(
    alice: User, run: Run, clock: Clock
) -> None:
    pair = connected(alice)
    row = pair.connection

    async def work(cache: TokenCache) -> list[Caller | None]:
        found = [await cache.stands(row.pk)]
        await asyncio.to_thread(remove, row)
        clock.now_s += 0.99
        found.append(await cache.stands(row.pk))
        # Looked up later, so that it would be remembered for longer.
        cache._entries[access_tokens.digest(pair.access_token)] = (  # noqa: SLF001
            clock.now_s + 1,
            found[0],
        )
        clock.now_s += 0.02
        found.append(await cache.stands(row.pk))
        assert await cache.identify(pair.access_token) is None
        return found

    caller = Caller(row.pk, alice.pk, "Home Assistant · Home")
    assert run(work) == [caller, caller, None]


def test_token_and_hourly_token_cost_one_query_each(alice: User) -> None:
    _, text = access_tokens.issue(alice, "evcc")
    for one in (text, connected(alice).access_token):
        with CaptureQueriesContext(connection) as queries:
            assert auth.holder(access_tokens.digest(one)) is not None
        assert len(queries) == 1


def _end(connected_program: AccessToken) -> None:
    HourlyToken.objects.filter(access_token=connected_program).delete()
    connection.close()
