"""A lane of data never stands still, and is told nothing that was taken back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
import redis

from accounts.models import User
from events import channel, shapes
from events.event import Event
from tests.webhooks.making import make_delivery
from tests.webhooks.receiver import OK, Receiver, status
from tests.webhooks.running import VIN, World, entry, run, sender, world
from webhooks.delivering import lanes, rows
from webhooks.delivering.gate import MOST_PER_HOST
from webhooks.models import Delivery, Endpoint
from webhooks.services import endpoints, queue

pytestmark = pytest.mark.django_db(transaction=True)


def _data(number: int) -> Event:
    return shapes.data(VIN, {"Soc": number}, 1_700_000_000_000 + number)


async def _fill(one: World, user: User, store: "redis.Redis") -> None:
    """Have four requests under way that wait for their answers."""
    for number in range(4):
        await one.database(channel.publish, store, [entry(user, _data(number))])
        await one.until(lambda number=number: len(one.receiver.requests) > number)  # type: ignore[misc]


class Held:
    """Hold answers back until they are let go, then give one or break off."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer = answer
        self.free = asyncio.Event()

    async def __call__(self, writer: asyncio.StreamWriter) -> None:
        """Answer late."""
        await self.free.wait()
        if self.answer:
            writer.write(self.answer)
            await writer.drain()
        writer.transport.abort()


def test_lane_goes_on_when_all_its_requests_fail_at_once(
    committed_alice: User, store: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "DATA_STEPS_S", (1,))
    receiver = Receiver()

    async def main() -> None:
        held = Held()
        receiver.default = held
        async with world(receiver, sender=sender(total_s=10)) as one:
            await one.add(committed_alice, max_rate=50)
            await _fill(one, committed_alice, store)
            receiver.default = OK
            held.free.set()
            await one.until(lambda: len(receiver.requests) > 4)

    run(main())
    assert receiver.requests[-1].json["data"] == {"Soc": 3}


@asynccontextmanager
async def _closed(
    user: User, store: "redis.Redis", receiver: Receiver
) -> AsyncIterator[tuple[World, Endpoint]]:
    """Have a piece wait for an hour after its first failure, at a webhook that is well."""
    receiver.script = [status(500)]
    with patch.object(lanes, "DATA_STEPS_S", (3600,)):
        async with world(receiver) as one:
            made, _ = await one.add(user)
            await one.database(channel.publish, store, [entry(user, _data(1))])
            await one.until(lambda: made.pk in one.deliverer.roster.failing)
            yield one, made


@pytest.mark.parametrize(
    "change",
    [
        {"url": "/new"},
        {"headers": {"X-Key": "other"}},
        {"authorization": "Bearer other"},
        {"verify_tls": False},
    ],
)
def test_changed_webhook_gets_data_at_once(
    committed_alice: User,
    store: "redis.Redis",
    change: dict[str, Any],
) -> None:
    receiver = Receiver()

    async def main() -> None:
        async with _closed(committed_alice, store, receiver) as (one, made):
            places = {"url": receiver.url("/new")} if "url" in change else {}
            await one.database(partial(endpoints.change, made, **(change | places)))
            await one.until(lambda: len(receiver.requests) == 2)

    run(main())
    assert {one.json["data"]["Soc"] for one in receiver.requests} == {1}


@pytest.mark.parametrize("way", ["event", "row"])
def test_webhook_that_is_well_again_gets_data_at_once(
    committed_alice: User,
    store: "redis.Redis",
    way: str,
) -> None:
    receiver = Receiver()

    async def main() -> None:
        async with _closed(committed_alice, store, receiver) as (one, made):
            before = one.deliverer.roster.by_id[made.pk]
            # Another name is nothing that it could be well by.
            await one.database(partial(endpoints.change, made, name="Barn", max_rate=9))
            await one.until(lambda: one.deliverer.roster.by_id[made.pk] is not before)
            assert len(receiver.requests) == 1
            if way == "event":
                event = shapes.state(VIN, "online", 1_700_000_000_123)
                await one.database(
                    channel.publish, store, [entry(committed_alice, event)]
                )
            else:
                # As another process notes it.
                await one.database(
                    lambda: Endpoint.objects.update(first_failure_at=None)
                )
            await one.until(lambda: len(_told(receiver)) == 2)

    run(main())
    assert _told(receiver) == [1, 1]


def _told(receiver: Receiver) -> list[int]:
    told = [one.json for one in receiver.requests]
    return [one["data"]["Soc"] for one in told if "data" in one]


@pytest.mark.parametrize("way", ["remove", "pause"])
def test_data_under_way_is_not_sent_again_to_who_is_gone(
    committed_alice: User, store: "redis.Redis", way: str
) -> None:
    receiver = Receiver()

    async def main() -> None:
        held = Held(status(500))
        receiver.default = held
        async with world(receiver, sender=sender(total_s=10)) as one:
            made, _ = await one.add(committed_alice, max_rate=50)
            await _fill(one, committed_alice, store)
            [lane] = one.deliverer.lanes.values()
            await one.database(getattr(endpoints, way), made)
            await one.until(lambda: not one.deliverer.lanes)
            held.free.set()
            await one.until(lambda: not lane._workers)  # noqa: SLF001  # nobody is left
            assert len(lane) == 0

    run(main())
    assert len(receiver.requests) == 4


def test_run_of_events_ends_where_its_webhook_is_removed(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()

    async def main() -> None:
        async with world(receiver) as one:
            made, _ = await one.add(committed_alice, max_rate=1)
            await one.database(_wait_for, made, 10)
            await one.until(lambda: len(receiver.requests) >= 1)
            await one.database(endpoints.remove, made)
            await one.until(lambda: made.pk not in one.deliverer.roster.by_id)
            before = len(receiver.requests)
            await one.deliverer.rows.finish(5)
            assert len(receiver.requests) == before

    run(main())


def test_paused_webhook_keeps_the_rest_of_a_run(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()

    async def main() -> None:
        async with world(receiver) as one:
            made, _ = await one.add(committed_alice, max_rate=1)
            await one.database(_wait_for, made, 3)
            await one.until(lambda: len(receiver.requests) >= 1)
            await one.database(endpoints.pause, made)
            waiting = Delivery.objects.filter(state="pending", lease_until=None)
            await one.until_rows(lambda: waiting.count() == 2)

    run(main())
    assert len(receiver.requests) == 1


def test_lease_that_ends_at_the_gate_sends_nothing(
    committed_alice: User, store: "redis.Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "LEASE", timedelta(seconds=1))
    monkeypatch.setattr(rows, "_LAST_START_S", 0.2)
    receiver = Receiver()

    async def main() -> None:
        async with world(receiver) as one:
            made, _ = await one.add(committed_alice)
            target = one.deliverer.roster.by_id[made.pk]
            place = target.place
            gate = one.deliverer.rows._post.gate  # noqa: SLF001  # nobody else has it
            for _ in range(MOST_PER_HOST):
                await gate.enter(place, is_slow=False)
            await one.database(_wait_for, made, 1)
            leased = Delivery.objects.filter(lease_until__isnull=False)
            await one.until_rows(leased.exists)
            await asyncio.sleep(0.3)
            gate.leave(place, is_slow=False)
            await one.until(lambda: len(receiver.requests) == 1)
            await one.until_rows(Delivery.objects.filter(state="ok").exists)

    run(main())
    # The lease was given back, and the next one sent it, once.
    assert len(receiver.requests) == 1
    assert Delivery.objects.get().attempts == 1


def _wait_for(endpoint: Endpoint, count: int) -> None:
    for _ in range(count):
        make_delivery(endpoint, state="pending")
