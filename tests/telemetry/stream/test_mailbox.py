"""A slow listener gets the newest, a stuck one nothing, a quick one all."""

import asyncio
from collections.abc import Awaitable
from uuid import UUID, uuid4

import orjson
import pytest

from events import shapes
from events.channel import Stored
from events.event import Event
from telemetry.stream import mailbox
from telemetry.stream.admission import Listener
from telemetry.stream.asked import Asked
from telemetry.stream.frames import frame
from telemetry.stream.mailbox import Batch, Mailbox
from tests.clocks import Clock
from tests.telemetry.stream.conftest import OTHER_VIN, VIN

AT_MS = 1785233730007
ACCOUNT = uuid4()


class Line:
    """What was written to a listener, who takes it at once unless it is held up."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.held_up: asyncio.Future[None] | None = None
        self.is_cut = self.is_closed = False

    def write(self, text: bytes) -> Awaitable[None]:
        if self.is_closed:
            raise BrokenPipeError
        return self._write(text)

    async def _write(self, text: bytes) -> None:
        if self.is_cut:
            raise BrokenPipeError
        if self.held_up is not None:
            await self.held_up
        self.texts.append(text)


def box_of(clock: Clock | None = None, line: Line | None = None) -> Mailbox:
    listener = Listener(ACCOUNT, "holder", frozenset({VIN}), Asked())
    return Mailbox(listener, (line or Line()).write, clock=clock or Clock())


def batch(*events: Event, account: UUID = ACCOUNT) -> Batch:
    stored = [
        Stored("1-0", 0, account, event.product, event.topic, event.body)
        for event in events
    ]
    texts = [frame(event.topic, event.body, Asked()) for event in events]
    return Batch(stored, b"".join(texts))


def blocked(box: Mailbox) -> bool:
    return box.is_blocked


def soc(number: int, size: int = 0, vin: str = VIN) -> Event:
    return shapes.data(vin, {"Soc": number, "Fill": "x" * size}, AT_MS + number)


def test_quick_listener_gets_all_in_order() -> None:
    async def story() -> None:
        box = box_of()
        box.put(batch(soc(1)))
        assert await box.take() == batch(soc(1)).text
        box.put(batch(soc(2)))
        box.put(batch(soc(3), soc(4)))
        assert await box.take() == batch(soc(2), soc(3), soc(4)).text

    asyncio.run(story())


def test_one_who_waits_is_handed_mail_at_once() -> None:
    async def story() -> None:
        line = Line()
        box = box_of(line=line)
        taking = asyncio.create_task(box.take())
        await asyncio.sleep(0)
        # However much it is: it waits for mail.
        much = batch(*(soc(n, 50_000) for n in range(30)))
        box.put(much)
        box.put(batch(soc(1)))
        assert line.texts == [much.text, batch(soc(1)).text]
        assert len(much.text) > mailbox.MOST_BYTES
        box.end()
        assert await taking == b""
        assert not box.is_dropped

    asyncio.run(story())


def test_mail_waits_while_what_was_handed_over_is_held_up() -> None:
    async def story() -> None:
        clock, line = Clock(), Line()
        box = box_of(clock, line)
        taking = asyncio.create_task(box.take())
        await asyncio.sleep(0)
        line.held_up = asyncio.get_running_loop().create_future()
        box.put(batch(soc(1)))
        box.put(batch(soc(2)))
        await asyncio.sleep(0.01)
        box.put(batch(soc(3)))
        clock.now_s += mailbox.BLOCKED_S + 0.1
        assert blocked(box)
        assert line.texts == []
        assert not taking.done()
        line.held_up.set_result(None)
        assert await taking == batch(soc(2), soc(3)).text
        assert line.texts == [batch(soc(1)).text]
        assert not blocked(box)

    asyncio.run(story())


def test_one_who_never_takes_what_was_handed_over_is_dropped() -> None:
    async def story() -> None:
        line = Line()
        box = box_of(line=line)

        async def serve() -> None:
            await box.take()

        box.writer = asyncio.create_task(serve())
        await asyncio.sleep(0)
        line.held_up = asyncio.get_running_loop().create_future()
        box.put(batch(soc(1)))
        await asyncio.sleep(0.01)
        box.drop()
        with pytest.raises(asyncio.CancelledError):
            await box.writer

    asyncio.run(story())


@pytest.mark.parametrize("is_early", [True, False])
def test_line_that_is_cut_ends_its_own_stream(is_early: bool) -> None:  # noqa: FBT001
    async def story() -> None:
        line = Line()
        box = box_of(line=line)
        taking = asyncio.create_task(box.take())
        await asyncio.sleep(0)
        line.is_closed, line.is_cut = is_early, True
        box.put(batch(soc(1)))
        with pytest.raises(BrokenPipeError):
            await taking

    asyncio.run(story())


def test_slow_listener_gets_the_newest_of_each_signal() -> None:
    async def story() -> None:
        box = box_of()
        for number in range(1000):
            box.put(batch(soc(number, 1000), soc(number, 10, OTHER_VIN)))
        box.put(batch(shapes.state(VIN, "online", AT_MS)))
        box.put(batch(shapes.state(VIN, "asleep", AT_MS)))
        lines = (await box.take()).decode().strip().split("\n\n")
        told = [orjson.loads(line.removeprefix("data: ")) for line in lines]
        assert [one.get("state") for one in told] == ["online", "asleep", None, None]
        values = {one["vin"]: one["data"] for one in told[2:]}
        assert values[VIN] == {"Soc": 999, "Fill": "x" * 1000}
        assert values[OTHER_VIN]["Soc"] == 999
        assert told[2]["createdAt"] == shapes.timestamp(AT_MS + 999)
        box.put(batch(soc(5)))
        assert await box.take() == batch(soc(5)).text

    asyncio.run(story())


def test_what_is_known_replaces_what_waits_for_a_slow_listener() -> None:
    async def story() -> None:
        known = batch(soc(7)).text
        box = box_of()
        box.put(batch(soc(1)))
        box.put_known(known)
        assert await box.take() == batch(soc(1)).text + known
        for is_early in (True, False):
            if is_early:
                box.put_known(known)
            box.put(batch(soc(2, mailbox.SLOW_BYTES)))
            if not is_early:
                box.put_known(known)
            box.put(batch(soc(8)))
            # Nothing older than what is known comes after it.
            assert (await box.take()).startswith(known)
        box.end()
        box.put_known(known)
        assert await box.take() == b""

    asyncio.run(story())


def test_listener_with_too_much_mail_is_dropped() -> None:
    async def story() -> None:
        box = box_of()
        event = shapes.vehicle_data(VIN, {"x": "x" * 100_000}, AT_MS)
        for _ in range(12):
            box.put(batch(event))
        assert box.is_over
        assert box.is_dropped
        box.put(batch(event))
        assert await box.take() == b""

    asyncio.run(story())


@pytest.mark.parametrize(("is_over", "most_s"), [(False, 30), (True, 0.5)])
def test_listener_who_takes_nothing_is_blocked(is_over: bool, most_s: float) -> None:  # noqa: FBT001
    async def story() -> None:
        clock = Clock()
        box = box_of(clock)
        box.writer = asyncio.create_task(asyncio.sleep(60))
        assert not blocked(box)
        box.sending()
        if is_over:
            box.end()
        clock.now_s += most_s
        assert not blocked(box)
        clock.now_s += 0.1
        assert blocked(box)
        box.drop()
        with pytest.raises(asyncio.CancelledError):
            await box.writer

    asyncio.run(story())


def test_sign_of_life_is_only_for_the_silent() -> None:
    async def story() -> None:
        clock = Clock()
        box = box_of(clock)
        clock.now_s += 10
        box.keep_alive()
        box.keep_alive()
        assert await box.take() == b"\n"
        clock.now_s += 10
        box.put(batch(soc(1)))
        box.keep_alive()
        assert await box.take() == batch(soc(1)).text
        waiting = asyncio.create_task(box.take())
        await asyncio.sleep(0)
        clock.now_s += 9.9
        box.keep_alive()
        await asyncio.sleep(0)
        assert not waiting.done()
        box.end()
        assert await waiting == b""

    asyncio.run(story())
