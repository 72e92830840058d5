"""The deliverer is killed: nothing is lost.

What is sent twice carries the same name. Where a lease or a sign of life would have to
run out, the test lets the time pass by itself.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

import pytest
import redis
from django.db import connection
from psycopg import AsyncConnection

from accounts.models import User
from events import channel, shapes
from events.event import Event
from tests.faults.processes import Process
from tests.fixtures.live import database_url
from tests.locks import WAITS_FOR_US
from tests.webhooks.processes import STARTS_WITHIN_S, deliverer, let_time_pass
from tests.webhooks.receiver import OK, Receiver
from tests.webhooks.running import (
    VIN,
    WITHIN_S,
    are_named_alike,
    entry,
    heard,
    place,
    run,
)
from webhooks.models import Delivery, Endpoint, Message
from webhooks.services import endpoints

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
ENDPOINTS = 4
EVENTS = 30


def _events() -> list[Event]:
    found = []
    for number in range(EVENTS):
        at_ms = 1_700_000_000_000 + number
        found.append(shapes.state(VIN, "online", at_ms))
        found.append(shapes.data(VIN, {"Odometer": number}, at_ms))
    return found


@asynccontextmanager
async def _held(endpoint_id: UUID) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """Keep an endpoint's row locked; what is given tells whether anybody waits for it."""
    async with await AsyncConnection.connect(database_url()) as holder:
        await holder.execute(
            "SELECT FROM webhooks_endpoint WHERE id = %s FOR UPDATE", [endpoint_id]
        )

        async def is_waited_for() -> bool:
            found = await holder.execute(WAITS_FOR_US)
            return await found.fetchone() is not None

        yield is_waited_for
        await holder.rollback()


async def _kill_before_it_notes(
    receiver: Receiver, process: Process, endpoint_id: UUID, publish: Callable[[], None]
) -> None:
    """Kill a deliverer that has an answer of 200 in its hands and cannot write it down."""
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async def late(writer: asyncio.StreamWriter) -> None:
        is_asked.set()
        await may_answer.wait()
        writer.write(OK)
        await writer.drain()

    receiver.default = late
    publish()
    async with asyncio.timeout(WITHIN_S):
        # It has claimed the row by now; the lock would keep it from that, too.
        await is_asked.wait()
        async with _held(endpoint_id) as is_waited_for:
            may_answer.set()
            while not await is_waited_for():  # noqa: ASYNC110  # a server is asked
                await asyncio.sleep(0.01)
            process.kill()
    receiver.default = OK


def _states() -> list[str]:
    return list(Delivery.objects.order_by("message").values_list("state", flat=True))


def test_killed_deliverer_loses_nothing_and_repeats_under_the_same_name(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()
    born = {shapes.timestamp(1_700_000_000_000 + n) for n in range(EVENTS)}

    def is_all() -> bool:
        return all(
            heard(receiver, f"/{n}", part) == born
            for n in range(ENDPOINTS)
            for part in ("state", "data")
        )

    async def main() -> None:
        async with place(receiver) as one:
            for number in range(ENDPOINTS):
                await one.database(
                    endpoints.add,
                    committed_alice,
                    receiver.url(f"/{number}"),
                    max_rate=50,
                )
            for event in _events():
                channel.publish(store, [entry(committed_alice, event)])
            with deliverer() as process:
                await one.until(lambda: len(receiver.requests) > 40, STARTS_WITHIN_S)
                process.kill()
            await one.database(let_time_pass, store)
            # Who claims from the dead takes what has lain for a moment.
            with deliverer() as process:
                await one.until(is_all, STARTS_WITHIN_S)
                await one.until_rows(
                    lambda: not Delivery.objects.filter(state="pending").exists()
                )
                process.send(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait, 20) == 0

    run(main())
    assert Message.objects.count() == EVENTS
    assert Delivery.objects.filter(state="ok").count() == EVENTS * ENDPOINTS
    assert are_named_alike(receiver)
    for number in range(ENDPOINTS):
        here = receiver.names(f"/{number}")
        assert len(here) - len(set(here)) <= 2 * EVENTS - 1
    assert Endpoint.objects.filter(last_success_at=None).count() == 0


def test_deliverer_killed_before_it_noted_an_answer_repeats_one_request(
    committed_alice: User, store: "redis.Redis"
) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite locks no rows")
    receiver = Receiver()

    def publish(number: int) -> None:
        event = shapes.state(VIN, "online", 1_700_000_000_000 + number)
        channel.publish(store, [entry(committed_alice, event)])

    async def main() -> None:
        async with place(receiver) as one:
            made, _ = await one.database(endpoints.add, committed_alice, receiver.url())
            with deliverer() as process:
                publish(1)
                await one.until(lambda: len(receiver.requests) == 1, STARTS_WITHIN_S)
                await one.until_rows(Delivery.objects.filter(state="ok").exists)
                await _kill_before_it_notes(
                    receiver, process, made.pk, partial(publish, 2)
                )
            assert await one.database(_states) == ["ok", "pending"]
            await one.database(let_time_pass, store)
            with deliverer() as process:
                await one.until(lambda: len(receiver.requests) > 2, STARTS_WITHIN_S)
                await one.until_rows(lambda: _states() == ["ok", "ok"])
                process.send(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait) == 0

    run(main())
    first, second, again = receiver.requests
    assert first.name != second.name
    assert (again.name, again.body) == (second.name, second.body)
    assert [one.attempts for one in Delivery.objects.all()] == [1, 1]
