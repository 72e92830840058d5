"""The store of sessions: sealed, one holder at a time, and right when Redis is not there."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings

from fleet.errors import VehicleBusy
from fleet.signing import Domain, Session
from tokens.async_shared import Shared
from vehicles.services.commanding import store as stores
from vehicles.services.commanding.store import LockLost, SharedStore

VIN = "5YJ3E1EA4PF000001"
Scene = Callable[..., Awaitable[Any]]


class Moody(Shared):
    """Redis that is away at times."""

    is_away = False

    async def ask(self, question: Any) -> Any:
        """Return what Redis answers, None while it is away."""
        return None if self.is_away else await super().ask(question)


def session_of(counter: int = 1, epoch: bytes = b"e" * 16) -> Session:
    """Return a session that no car has agreed to."""
    return Session(
        VIN,
        Domain.INFOTAINMENT,
        epoch,
        counter,
        1000,
        0.5,
        b"k" * 16,
        b"\x04" * 65,
        secrets.token_bytes(65),
    )


def run(scene: Scene, **how: Any) -> Any:
    """Run a scene with the stores of two processes."""

    async def play() -> Any:
        first, second = Shared(), Shared()
        try:
            return await scene(SharedStore(first, **how), SharedStore(second, **how))
        finally:
            await first.close()
            await second.close()

    return asyncio.run(play())


def shared_redis() -> "redis.Redis":
    return redis.Redis.from_url(django_settings.REDIS_URL)


def test_session_of_one_process_is_another_s() -> None:
    session = session_of()

    async def scene(one: SharedStore, other: SharedStore) -> Any:
        async with one.lock(VIN):
            assert await one.load(VIN, Domain.INFOTAINMENT) is None
            await one.save(session)
            assert await one.load(VIN, Domain.INFOTAINMENT) == session
        async with other.lock(VIN):
            return [await other.load(VIN, domain) for domain in Domain]

    assert run(scene) == [None, session]


def test_session_lies_sealed_for_its_place() -> None:
    async def scene(one: SharedStore, other: SharedStore) -> Any:
        async with one.lock(VIN):
            await one.save(session_of())
        with shared_redis() as client:
            key = stores.SESSIONS + VIN
            (sealed,) = client.hvals(key)
            client.hset(key, "2", sealed)
        async with other.lock(VIN):
            moved = await other.load(VIN, Domain.VEHICLE_SECURITY)
        return sealed, moved

    sealed, moved = run(scene)
    assert b"k" * 16 not in sealed
    assert sealed.startswith(b"v1:t1:")
    assert moved is None


@pytest.mark.parametrize("rubbish", [b"v1:t1:AAAA", b"\xff\xfe", b"v1:gone:AAAA"])
def test_what_cannot_be_opened_is_no_session(rubbish: bytes) -> None:
    async def scene(one: SharedStore, _: SharedStore) -> Any:
        with shared_redis() as client:
            client.hset(stores.SESSIONS + VIN, "3", rubbish)
        async with one.lock(VIN):
            return await one.load(VIN, Domain.INFOTAINMENT)

    assert run(scene) is None


def test_dropped_session_is_nobody_s() -> None:
    async def scene(one: SharedStore, other: SharedStore) -> Any:
        async with one.lock(VIN):
            await one.save(session_of())
            await one.drop(VIN, Domain.INFOTAINMENT)
            mine = await one.load(VIN, Domain.INFOTAINMENT)
        async with other.lock(VIN):
            return mine, await other.load(VIN, Domain.INFOTAINMENT)

    assert run(scene) == (None, None)


def test_one_at_a_time_speaks_to_a_car() -> None:
    async def scene(one: SharedStore, other: SharedStore) -> Any:
        speaking, most = 0, 0

        async def speak(store: SharedStore) -> None:
            nonlocal speaking, most
            async with store.lock(VIN):
                speaking += 1
                most = max(most, speaking)
                await asyncio.sleep(0.01)
                speaking -= 1

        await asyncio.gather(*(speak(store) for store in [one, other] * 5))
        return most

    assert run(scene) == 1
    with shared_redis() as client:
        assert client.get(stores.LOCKS + VIN) is None


def test_dead_holder_s_lock_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(one: SharedStore, other: SharedStore) -> Any:
        held = one.lock(VIN)
        with monkeypatch.context() as brief:
            brief.setattr(stores, "LOCK_MS", 60)
            await held.__aenter__()
        async with other.lock(VIN):
            await other.save(session_of(2))
            with pytest.raises(LockLost):
                await one.save(session_of(2))
            await held.__aexit__(None, None, None)
            with shared_redis() as client:
                still = client.get(stores.LOCKS + VIN)
        return still

    assert run(scene) is not None


def test_living_holder_s_lock_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "LOCK_MS", 1000)
    monkeypatch.setattr(stores, "_RENEW_AFTER_S", 0.1)

    async def scene(one: SharedStore, other: SharedStore) -> Any:
        async with one.lock(VIN):
            await asyncio.sleep(1.5)
            await one.save(session_of(5))
        async with other.lock(VIN):
            return await other.load(VIN, Domain.INFOTAINMENT)

    assert run(scene).counter == 5


def test_waiting_for_others_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "_LOCK_WITHIN_S", 0.05)

    async def scene(one: SharedStore, other: SharedStore) -> Any:
        async with one.lock(VIN):
            for store in (one, other):
                with pytest.raises(VehicleBusy):
                    async with store.lock(VIN):
                        raise AssertionError

    run(scene)


def test_each_process_has_its_own_without_redis(redis_away: None) -> None:
    async def scene(one: SharedStore, other: SharedStore) -> Any:
        async with one.lock(VIN), other.lock(VIN):
            await one.save(session_of(3))
            found = [
                await store.load(VIN, Domain.INFOTAINMENT) for store in (one, other)
            ]
            await one.drop(VIN, Domain.INFOTAINMENT)
            return [*found, await one.load(VIN, Domain.INFOTAINMENT)]

    mine, others, dropped = run(scene)
    assert mine.counter == 3
    assert (others, dropped) == (None, None)


def test_session_used_while_redis_was_away_goes_on() -> None:
    session = session_of(1)

    async def scene(one: SharedStore, _: SharedStore) -> Any:
        moody = Moody()
        other = SharedStore(moody)
        async with one.lock(VIN):
            await one.save(session)
        async with other.lock(VIN):
            assert await other.load(VIN, Domain.INFOTAINMENT) == session
        moody.is_away = True
        async with other.lock(VIN):
            await other.save(replace(session, counter=9))
        moody.is_away = False
        async with other.lock(VIN):
            found = await other.load(VIN, Domain.INFOTAINMENT)
        await moody.close()
        return found

    assert run(scene).counter == 9


def test_a_process_forgets_when_it_knows_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stores, "_MOST_SESSIONS", 1)

    async def scene(one: SharedStore, other: SharedStore) -> Any:
        async with one.lock(VIN):
            await one.save(session_of(1))
            await one.save(replace(session_of(2), domain=Domain.VEHICLE_SECURITY))
            return await one.load(VIN, Domain.INFOTAINMENT)

    assert run(scene).counter == 1
