"""Redis is killed and comes back: rows go on without it, nothing confirmed is lost."""

import asyncio
import signal
from time import monotonic
from uuid import UUID

import pytest

from accounts.models import User
from events import shapes
from events.channel import publish
from tests.faults.processes import OwnRedis
from tests.webhooks.loading import FROM_MS, load
from tests.webhooks.processes import STARTS_WITHIN_S, deliverer
from tests.webhooks.receiver import Receiver
from tests.webhooks.running import (
    VIN,
    Place,
    are_named_alike,
    entry,
    heard,
    place,
    run,
    world,
)
from webhooks.models import Delivery
from webhooks.services import endpoints, outbox
from webhooks.services.outbox import News

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
AWAY_S = 20.0
_ROWS_FROM_MS = 1_800_000_000_000
_PAUSE_S = 0.05


def _news(user: User, number: int) -> News:
    at_ms = _ROWS_FROM_MS + number
    body = shapes.state(VIN, "online", at_ms).body
    return News(f"msg_{number:026}", user.pk, "state", VIN, body, at_ms)


async def _tell_rows(one: Place, user: User, endpoint_id: UUID, for_s: float) -> int:
    """Store one event after the other, each after the former arrived; return how many."""
    end_at = monotonic() + for_s
    count = 0
    while monotonic() < end_at:
        news = _news(user, count)
        await one.database(outbox.take, [(news, [endpoint_id])])
        await one.until(lambda: news.message_id in one.receiver.names())  # noqa: B023  # asked at once
        count += 1
        await asyncio.sleep(_PAUSE_S)
    return count


def test_redis_away_for_20_s_under_load_loses_nothing_that_it_confirmed(
    committed_alice: User, own_redis: OwnRedis
) -> None:
    receiver = Receiver()

    async def main() -> int:
        async with (
            place(receiver) as one,
            load(own_redis.url, committed_alice.pk) as told,
        ):
            made, _ = await one.database(
                endpoints.add, committed_alice, receiver.url(), max_rate=50
            )
            with deliverer(REDIS_URL=own_redis.url) as process:
                await one.until(lambda: len(receiver.requests) > 20, STARTS_WITHIN_S)
                # What is confirmed while the deliverer stands still lies in Redis alone.
                process.send(signal.SIGSTOP)
                await told.goes_on()
                await asyncio.to_thread(own_redis.process.kill)
                process.send(signal.SIGCONT)
                count = await _tell_rows(one, committed_alice, made.pk, AWAY_S)
                assert count > 1
                await asyncio.to_thread(own_redis.start)
                await told.goes_on()
                told.end()
                await told.has_arrived(receiver, "/hook")
                await one.until_rows(
                    lambda: not Delivery.objects.exclude(state="ok").exists()
                )
                process.send(signal.SIGTERM)
                assert await asyncio.to_thread(process.wait) == 0
            return told.refused

    assert run(main()) > 0
    assert are_named_alike(receiver)


def test_redis_killed_and_back_loses_nothing_and_rows_go_on_without(
    committed_alice: User, own_redis: OwnRedis
) -> None:
    receiver = Receiver()

    def publish_ten(first: int) -> None:
        with own_redis.client() as client:
            for number in range(first, first + 10):
                at_ms = FROM_MS + number
                state = shapes.state(VIN, "online", at_ms)
                data = shapes.data(VIN, {"Odometer": number}, at_ms)
                both = [entry(committed_alice, one) for one in (state, data)]
                publish(client, both)

    async def main() -> None:
        async with world(receiver, redis_url=own_redis.url) as one:
            made, _ = await one.add(committed_alice, max_rate=50)
            publish_ten(0)
            own_redis.process.kill()
            await one.database(endpoints.test, made, "alerts")
            await one.until(
                lambda: any("alerts" in told.json for told in receiver.requests)
            )
            own_redis.start()
            publish_ten(10)
            await one.until(
                lambda: all(
                    len(heard(receiver, "/hook", part)) == 20
                    for part in ("state", "data")
                )
            )

    run(main())
    assert are_named_alike(receiver)
