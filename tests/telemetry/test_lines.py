"""Several lines of one car, long names, many small frames: nobody else is harmed."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import redis

from accounts.models import User
from events import channel, latest, shapes
from events.event import Entry, Topic
from fleet.records import envelope
from fleet.records.record import Malformed
from telemetry.receiver import connection
from telemetry.receiver.connection import Car
from telemetry.receiver.dispatch import Dispatch
from telemetry.receiver.framing import Parts, TooMuch, joined
from telemetry.receiver.limits import Limits
from tests.fleet.records import frames
from tests.telemetry.cars import (
    SOC,
    VIN,
    Memory,
    TestTesla,
    receiving,
    until,
)
from tests.telemetry.looping import on_uvloop
from vehicles.streaming.lights import heard, moment

TESLA = TestTesla()
AT_MS = 1_700_000_000_000
CELLULAR = {"X-Network-Interface": "cellular"}


def _told(channel_: Memory) -> list[tuple[str, str]]:
    found = [json.loads(body) for body in channel_.bodies("connectivity")]
    return [(one["networkInterface"], one["status"]) for one in found]


@on_uvloop
async def test_old_line_that_ends_does_not_tell_that_the_car_is_away(
    tmp_path: Path,
) -> None:
    async with receiving(TESLA, tmp_path) as there:
        cellular = there.car(**CELLULAR)
        async with there.car():
            await until(lambda: len(_told(there.channel)) == 1)
            await cellular.__aenter__()
            await until(lambda: len(_told(there.channel)) == 2)
        await until(lambda: there.receiver.counters.connected == 1)
        await cellular.send(SOC)
        await cellular.answer()
        assert _told(there.channel) == [
            ("wifi", "CONNECTED"),
            ("cellular", "CONNECTED"),
        ]
        async with there.car():
            await until(lambda: len(_told(there.channel)) == 3)
            await cellular.__aexit__(None, None, None)
        await until(lambda: len(_told(there.channel)) == 4)
        assert _told(there.channel)[2:] == [
            ("wifi", "CONNECTED"),
            ("wifi", "DISCONNECTED"),
        ]


@on_uvloop
async def test_newer_line_that_ends_leaves_the_older_one_told_of(
    tmp_path: Path,
) -> None:
    async with receiving(TESLA, tmp_path) as there:
        async with there.car():
            await until(lambda: len(_told(there.channel)) == 1)
            async with there.car(**CELLULAR):
                await until(lambda: len(_told(there.channel)) == 2)
            await until(lambda: len(_told(there.channel)) == 3)
            assert _told(there.channel)[2] == ("wifi", "CONNECTED")
        await until(lambda: len(_told(there.channel)) == 4)
        assert _told(there.channel)[3] == ("wifi", "DISCONNECTED")


@pytest.mark.django_db
def test_light_stays_on_when_another_process_tells_of_an_old_line_s_end(
    alice: User, events_redis: redis.Redis
) -> None:
    def tell(*lines: tuple[str, bool, int]) -> None:
        events = [
            shapes.connectivity(VIN, name, connected=is_on, at_ms=AT_MS + after)
            for name, is_on, after in lines
        ]
        entries = [Entry(alice.pk, event) for event in events]
        channel.publish(events_redis, entries)

    tell(("wifi", True, 0), ("cellular", True, 5), ("wifi", False, 9))
    known = heard(alice.pk, VIN, sees_location=True)
    assert (known.connected_at, known.left_at) == (moment(AT_MS + 5), None)
    told = latest.snapshot(events_redis, alice.pk, VIN).others[Topic.CONNECTIVITY]
    assert json.loads(told.body)["networkInterface"] == "cellular"
    tell(("cellular", False, 12))
    known = heard(alice.pk, VIN, sees_location=True)
    assert (known.connected_at, known.left_at) == (None, moment(AT_MS + 12))
    # The other line still tells.
    value = shapes.data(VIN, {"Soc": 1}, AT_MS + 200_000)
    channel.publish(events_redis, [Entry(alice.pk, value)])
    known = heard(alice.pk, VIN, sees_location=True)
    assert (known.connected_at, known.left_at) == (moment(AT_MS + 200_000), None)


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, 70000])
def test_frames_of_each_length_say_how_long_they_are(size: int) -> None:
    text = joined([bytes(size)])
    head = {0: 2, 125: 2, 126: 4, 65535: 4}.get(size, 10)
    assert len(text) == head + size
    told = text[1] if head == 2 else int.from_bytes(text[2:head], "big")
    assert told == size


@pytest.mark.parametrize("name", [{"txid": b"x" * 257}, {"topic": b"V" * 257}])
def test_name_that_is_too_long_is_refused(name: dict[str, Any]) -> None:
    content = frames.data(SOC).SerializeToString()
    with pytest.raises(Malformed):
        envelope.read(frames.frame(content, **name))


@on_uvloop
async def test_long_names_of_one_car_leave_the_answers_to_others(
    tmp_path: Path,
) -> None:
    async with receiving(TESLA, tmp_path) as there:
        async with there.car() as bad, there.car("5YJ3E1EA4PF000002") as good:
            for n in range(3):
                await bad.send(SOC, txid=b"x" * 70_000)
                await good.send(SOC, txid=b"%d" % n)
                assert await good.answer() == (b"%d" % n, b"V", 5)
        assert there.receiver.counters.malformed == 3


class Sender:
    """One that waits for an answer, or breaks over it."""

    def __init__(self, *, breaks: bool) -> None:
        self.breaks = breaks
        self.heard: list[str] = []

    def read(self, content: bytes, /) -> None:
        self._hear(content.decode())

    def safe(self, _token: bytes, /) -> bool:
        return True

    def flush(self) -> None:
        self._hear("flush")

    def lost(self) -> None:
        self._hear("lost")

    def _hear(self, what: str) -> None:
        if self.breaks:
            raise OverflowError
        self.heard.append(what)


@pytest.mark.parametrize("away", [False, True])
def test_sender_that_breaks_leaves_the_others_answered(away: bool) -> None:  # noqa: FBT001
    async def story() -> None:
        dispatch = Dispatch(Memory(away=away))
        bad, good = Sender(breaks=True), Sender(breaks=False)
        for sender in (bad, good):
            dispatch.put([], sender, b"t", 1)
        await dispatch.drained()
        assert good.heard == ["lost" if away else "flush"]
        assert dispatch.waiting_bytes == 0

    asyncio.run(story())


def test_frame_that_breaks_its_sender_leaves_the_others_read() -> None:
    async def story() -> None:
        dispatch = Dispatch(Memory())
        bad, good = Sender(breaks=True), Sender(breaks=False)
        for content in (b"1", b"22"):
            for sender in (bad, good):
                dispatch.bring(sender, content)
        assert dispatch.waiting_bytes == 6
        await dispatch.drained()
        assert good.heard == ["1", "22"]
        assert dispatch.waiting_bytes == 0

    asyncio.run(story())


@on_uvloop
async def test_end_that_redis_did_not_hear_of_is_told_again(tmp_path: Path) -> None:
    channel = Memory()

    def told() -> list[str]:
        bodies = channel.bodies("connectivity")
        return [json.loads(body)["status"] for body in bodies]

    async with receiving(TESLA, tmp_path, channel=channel) as there:
        async with there.car() as car:
            await car.send(SOC)
            await car.answer()
            channel.away = True
        await until(lambda: not there.receiver.counters.connected)
        async with there.car():
            # That it is back makes its end old news.
            await until(lambda: there.receiver.counters.connected)
            channel.away = False
            await until(lambda: len(told()) == 2)
            channel.away = True
        await until(lambda: not there.receiver.counters.connected)
        channel.away = False
        await until(lambda: len(told()) == 3)
    assert told() == ["CONNECTED", "CONNECTED", "DISCONNECTED"]


@on_uvloop
async def test_frame_that_cannot_be_read_is_not_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving(TESLA, tmp_path) as there:
        async with there.car() as car:
            await until(lambda: len(_told(there.channel)) == 1)
            with monkeypatch.context() as patch:
                patch.setattr(connection, "_read_record", _breaks)
                await car.send(SOC)
                assert await car.closed() in {1006, 1013}
        assert there.receiver.counters.acknowledged == 0
        async with there.car() as again:
            await again.send(SOC, txid=b"again")
            assert (await again.answer())[0] == b"again"


@on_uvloop
async def test_what_a_car_said_last_is_told_before_that_it_left(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path) as there:
        for _ in range(5):
            there.channel.entries.clear()
            async with there.car() as car:
                await until(lambda: len(there.channel.entries) == 2)
                for _ in range(50):
                    await car.send(SOC)
            await until(lambda: len(there.channel.entries) == 53)
            topics = [one.event.topic for one in there.channel.entries[2:]]
            assert topics == [Topic.DATA] * 50 + [Topic.CONNECTIVITY]


def _breaks(*_: object) -> None:
    raise OverflowError


def test_message_in_parts_has_an_end() -> None:
    parts = Parts(1000)
    for _ in range(256):
        parts.add(b"")
    with pytest.raises(TooMuch):
        parts.add(b"")
    parts = Parts(3)
    parts.add(b"ab")
    assert parts
    assert (parts.take(), bool(parts)) == (b"ab", False)
    parts.add(b"abc")
    with pytest.raises(TooMuch):
        parts.add(b"d")


def _only_car(receiver: Any) -> Car:
    [[car]] = receiver._shared.cars.values()  # noqa: SLF001
    assert isinstance(car, Car)
    return car


@on_uvloop
async def test_many_pings_are_read_slowly(tmp_path: Path) -> None:
    limits = Limits(burst=20, frames_per_second=5000)
    async with receiving(TESLA, tmp_path, limits=limits) as there, there.car() as car:
        for _ in range(25):
            await car.socket.ping()
        await until(lambda: there.receiver.counters.limited)


@on_uvloop
async def test_message_in_too_many_parts_ends_the_line(tmp_path: Path) -> None:
    async with receiving(TESLA, tmp_path) as there:
        async with there.car() as car:
            writer: Any = car.socket._writer  # noqa: SLF001
            writer.transport.write(b"\x02\x80\0\0\0\0")
            for _ in range(300):
                writer.transport.write(b"\x00\x80\0\0\0\0")
            await car.closed()
        assert there.receiver.counters.oversized == 1


@on_uvloop
async def test_car_that_reads_no_answers_is_not_read_again_by_the_clock(
    tmp_path: Path,
) -> None:
    async with receiving(TESLA, tmp_path) as there, there.car() as line:
        await line.send(SOC)
        await line.answer()
        car = _only_car(there.receiver)
        car.pause_writing()
        car.tick(car.heard_at_s + 1, 1.0)
        await line.send(SOC)
        with pytest.raises(TimeoutError):
            await line.answer(0.2)
        car.resume_writing()
        await line.answer()
        car.pause_writing()
        for later_s in (1, 10_000):
            car.tick(car.heard_at_s + later_s, 1.0)
        assert there.receiver.counters.idle == 1
