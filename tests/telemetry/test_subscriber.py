"""Tesla's own server as the source: the same records make the same events."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio as redis_async
from django.conf import settings
from tesla_protocol.telemetry import (
    vehicle_alert_pb2 as alert_protocol,
    vehicle_data_pb2 as protocol,
    vehicle_error_pb2 as error_protocol,
)

from telemetry.receiver.limits import Limits
from telemetry.receiver.metering import Metering
from telemetry.receiver.subscriber import Subscriber
from tests.fleet.records import frames
from tests.fleet.records.frames import AT_MS, VIN, value
from tests.telemetry.cars import (
    ALICE,
    BOB,
    Memory,
    Meter,
    TestTesla,
    receiving,
    seen_by,
    until,
)
from tests.telemetry.looping import on_uvloop
from vehicles.services.viewers import Viewer

TESLA = TestTesla()
BOTH = seen_by(Viewer(ALICE, sees_location=True), Viewer(BOB, sees_location=False))


class Listening:
    """A running subscriber, and Tesla's server that publishes to it."""

    def __init__(self, subscriber: Subscriber, channel: Memory, meter: Meter) -> None:
        self.subscriber = subscriber
        self.channel = channel
        self.meter = meter
        self._redis = redis_async.Redis.from_url(settings.REDIS_URL)

    async def publish(self, topic: str, document: bytes, vin: str = VIN) -> int:
        """Publish as Tesla's server does; return to how many."""
        found: Any = await self._redis.publish(f"fleet_{topic}_{{{vin}}}", document)
        return int(found)

    async def close(self) -> None:
        """Close the publisher."""
        await self._redis.aclose()


@contextlib.asynccontextmanager
async def listening(
    channel: Memory | None = None, limits: Limits | None = None
) -> AsyncIterator[Listening]:
    """Run a subscriber; end it afterwards."""
    channel, meter, stop = channel or Memory(), Meter(), asyncio.Event()
    subscriber = Subscriber(
        channel,
        redis_url=settings.REDIS_URL,
        namespace="fleet",
        ask=BOTH,
        metering=Metering(meter.write),
        limits=limits,
    )
    task = asyncio.create_task(subscriber.run(stop))
    await until(lambda: subscriber.counters.connected)
    there = Listening(subscriber, channel, meter)
    try:
        yield there
    finally:
        stop.set()
        await task
        await there.close()


def _records() -> list[tuple[str, Any]]:
    data = frames.data(
        (8, value(double_value=81.5)),
        (21, value(string_value="(30.22 N, 97.62 W)")),
        (85, value(float_value=22.3)),
        (10, value(shift_state_value=2)),
        (110, value(invalid=True)),
        (58, value(door_value=protocol.Doors(DriverFront=True))),
        (299, value(long_value=5)),
    )
    alerts = alert_protocol.VehicleAlerts(vin=VIN)
    alerts.created_at.seconds, alerts.created_at.nanos = frames.stamp(AT_MS)
    alerts.alerts.add(name="a", audiences=[1]).started_at.seconds = 1_767_225_600
    errors = error_protocol.VehicleErrors(vin=VIN)
    errors.created_at.seconds, errors.created_at.nanos = frames.stamp(AT_MS)
    errors.errors.add(name="e", body="b", tags={"t": "u"})
    return [("V", data), ("alerts", alerts), ("errors", errors)]


def _told(channel: Memory) -> list[tuple[Any, ...]]:
    return [
        (one.account_id, one.event.topic, one.event.product, one.event.body)
        for one in channel.entries
        if one.event.topic not in {"connectivity", "state"}
    ]


@on_uvloop
async def test_both_sources_make_the_same_events(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path, ask=BOTH) as there:
        async with there.car() as car:
            for topic, message in _records():
                content = message.SerializeToString()
                await car.socket.send_bytes(frames.frame(content, topic=topic.encode()))
                await car.answer()
        from_cars = _told(there.channel)
    async with listening() as here:
        for topic, message in _records():
            assert await here.publish(topic, frames.as_json(message)) == 1
        await until(lambda: here.subscriber.counters.acknowledged == 3)
        from_server = _told(here.channel)
    assert from_cars == from_server
    assert len(from_cars) == 6
    billed = [count.billed for count in here.meter.counts.values()]
    assert billed == [count.billed for count in there.meter.counts.values()] == [7]


@on_uvloop
async def test_connectivity_is_told_with_the_state() -> None:
    document = (
        b'{"vin":"x","connectionId":"c","networkInterface":"wifi",'
        b'"status":"CONNECTED","createdAt":"2026-01-01T00:00:00Z"}'
    )
    async with listening() as here:
        await here.publish("connectivity", document)
        await until(lambda: here.channel.entries)
        told = {str(one.event.topic) for one in here.channel.entries}
        assert told == {"connectivity", "state"}


@on_uvloop
async def test_a_clock_that_is_ahead_counts_as_now() -> None:
    async with listening() as here:
        now_ms = int(time.time() * 1000)
        ahead = frames.data((8, value(double_value=1.0)), at_ms=now_ms + 3_600_000)
        await here.publish("V", frames.as_json(ahead))
        await until(lambda: here.channel.entries)
        assert abs(here.channel.entries[0].event.at_ms - now_ms) < 60_000


@on_uvloop
async def test_what_is_no_record_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    async with listening(limits=Limits(frame_bytes=100)) as here:
        await here.publish("V", b"no json")
        await here.publish("V", b"x" * 101)
        await here.publish("metrics", b"{}")
        counters = here.subscriber.counters
        await until(lambda: counters.malformed == 3)
        assert here.channel.entries == []


@on_uvloop
async def test_what_redis_does_not_confirm_is_kept_and_tried_again() -> None:
    channel = Memory(away=True)
    async with listening(channel) as here:
        await here.publish("V", frames.as_json(_records()[0][1]))
        await until(lambda: here.subscriber.counters.records)
        await asyncio.sleep(0.1)
        channel.away = False
        await until(lambda: here.subscriber.counters.acknowledged)
        assert len(_told(channel)) == 2
        assert here.subscriber.kept_bytes == 0


@on_uvloop
async def test_what_is_kept_is_bounded() -> None:
    channel = Memory(away=True)
    async with listening(channel, Limits(waiting_bytes=10)) as here:
        for _ in range(5):
            await here.publish("V", frames.as_json(_records()[0][1]))
        counters = here.subscriber.counters
        await until(lambda: counters.published_lost == 4)
        channel.away = False
        await until(lambda: counters.acknowledged == 1)


@on_uvloop
async def test_a_lost_connection_is_made_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with listening() as here:
        killer = redis_async.Redis.from_url(settings.REDIS_URL)
        await killer.client_kill_filter(_type="pubsub")
        await killer.aclose()
        await until(lambda: not here.subscriber.counters.connected)
        await until(lambda: here.subscriber.counters.connected)
        await here.publish("V", frames.as_json(_records()[0][1]))
        await until(lambda: here.subscriber.counters.acknowledged)
    assert "is lost for now" in caplog.text
