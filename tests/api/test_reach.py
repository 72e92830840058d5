"""What people reach: for many as for one in three queries, each by their own grants."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from api import reach
from api.reach import ReachCache
from api.threads import Threads
from tests.factories import make_bare_grant, make_energy_site, make_vehicle

pytestmark = pytest.mark.django_db(transaction=True)
SHARED, ALICES = "5YJ3E1EA4PF000001", "5YJ3E1EA4PF000002"
SITE = 2252142071


@pytest.fixture(autouse=True)
def _products(alice: User, bob: User) -> None:
    """Let Alice and Bob share a car; Alice has another one, and a house."""
    alices, bobs = make_bare_grant(alice), make_bare_grant(bob)
    make_vehicle(alices, vin=ALICES)
    make_vehicle(alices, vin=SHARED)
    make_vehicle(bobs, vin=SHARED, access_type="DRIVER", tesla_id="77")
    make_energy_site(alices, site_id=SITE)


def test_each_reaches_their_own(alice: User, bob: User, charlie: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        found = reach.load([alice.pk, bob.pk, charlie.pk])
    assert len(queries) == 3
    tags = {
        user: {route.tag for ways in one.vehicles.values() for route in ways}
        for user, one in found.items()
    }
    assert tags == {alice.pk: {SHARED, ALICES}, bob.pk: {SHARED}, charlie.pk: set()}
    assert set(found[bob.pk].vehicles) == {SHARED, "77"}
    assert [set(found[one.pk].sites) for one in (alice, bob)] == [{str(SITE)}, set()]
    grants = {
        one.pk: {grant.id for grant in found[one.pk].grants} for one in (alice, bob)
    }
    for user, mine in grants.items():
        ways = found[user].vehicles[SHARED]
        assert {route.grant.id for route in ways} == mine
    assert found[charlie.pk].grants == ()
    assert reach.load([bob.pk]) == {bob.pk: found[bob.pk]}


def test_only_what_is_not_known_is_asked(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[Any]] = []
    real, now_s = reach.load, [100.0]

    def load(user_ids: Any) -> Any:
        asked.append(list(user_ids))
        return real(user_ids)

    async def story(cache: ReachCache) -> None:
        one = await cache.of(alice.pk)
        both = await cache.of_all([alice.pk, bob.pk])
        assert both[alice.pk] is one
        assert await cache.of_all([bob.pk, alice.pk]) == both
        now_s[0] += 1.01
        assert await cache.of_all([alice.pk, bob.pk]) == both

    monkeypatch.setattr(reach, "load", load)
    monkeypatch.setattr(reach, "time", SimpleNamespace(monotonic=lambda: now_s[0]))
    _play(story)
    assert asked == [[alice.pk], [bob.pk], [alice.pk, bob.pk]]


def _play(story: Callable[[ReachCache], Awaitable[None]]) -> None:
    async def scene() -> None:
        threads = Threads()
        try:
            await story(ReachCache(threads))
        finally:
            await asyncio.to_thread(threads.close)

    asyncio.run(scene())
