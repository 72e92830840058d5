"""Looking connections of programs up: an hourly token ends, then its connection."""

import asyncio
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID, uuid4

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
        found.append(row.pk in await cache.standing([row.pk]))
        return found

    assert run(work) == [True, True, False, True]


def test_connection_stands_until_it_is_removed(
    alice: User, run: Run, clock: Clock
) -> None:
    pair = connected(alice)
    row = pair.connection

    async def work(cache: TokenCache) -> list[Caller | None]:
        found = [(await cache.standing([row.pk])).get(row.pk)]
        await asyncio.to_thread(remove, row)
        clock.now_s += 0.99
        found.append((await cache.standing([row.pk])).get(row.pk))
        # Looked up later, so that it would be remembered for longer.
        cache._entries[access_tokens.digest(pair.access_token)] = (  # noqa: SLF001
            clock.now_s + 1,
            found[0],
        )
        clock.now_s += 0.02
        found.append((await cache.standing([row.pk])).get(row.pk))
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


def test_many_are_asked_about_in_one_query(
    alice: User, bob: User, run: Run, clock: Clock
) -> None:
    rows = [access_tokens.issue(user, "evcc")[0] for user in (alice, alice, bob)]
    removed, kept, bobs = (row.pk for row in rows)
    asked: list[Collection[UUID]] = []

    async def work(cache: TokenCache) -> list[set[UUID]]:
        found = [set(await cache.standing([removed, kept]))]
        await asyncio.to_thread(remove, rows[0])
        found.append(set(await cache.standing([removed, kept, bobs])))
        clock.now_s += 1.01
        found.append(set(await cache.standing([removed, kept, bobs])))
        found.append(set(await cache.standing([removed, kept, bobs])))
        return found

    def holders_of(token_ids: Collection[UUID]) -> dict[UUID, Caller]:
        asked.append(token_ids)
        return real(token_ids)

    real = auth.holders_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auth, "holders_of", holders_of)
        found = run(work)
    everybody = {removed, kept, bobs}
    assert found == [{removed, kept}, everybody, {kept, bobs}, {kept, bobs}]
    assert asked == [[removed, kept], [bobs], [removed, kept, bobs]]


def test_holders_cost_one_query_and_are_their_own(alice: User, bob: User) -> None:
    rows = [access_tokens.issue(user, "evcc")[0] for user in (alice, bob)]
    stranger = uuid4()
    with CaptureQueriesContext(connection) as queries:
        found = auth.holders_of([*(row.pk for row in rows), stranger])
    assert len(queries) == 1
    assert {key: caller.user_id for key, caller in found.items()} == {
        rows[0].pk: alice.pk,
        rows[1].pk: bob.pk,
    }
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert set(auth.holders_of([row.pk for row in rows])) == {rows[0].pk}


def _end(connected_program: AccessToken) -> None:
    HourlyToken.objects.filter(access_token=connected_program).delete()
    connection.close()
