"""The watch over streams: what hangs or fails in it holds up nothing else."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from unittest.mock import AsyncMock
from uuid import UUID, uuid4

import pytest

from telemetry.stream.admission import Listener
from telemetry.stream.asked import Asked
from telemetry.stream.counting import Streams
from telemetry.stream.frames import KEEP_ALIVE
from telemetry.stream.hub import Hub
from telemetry.stream.known import Known
from telemetry.stream.mailbox import ALIVE_EVERY_S, BLOCKED_S, Mailbox
from telemetry.stream.watch import Watch
from tests.clocks import Clock
from tests.telemetry.stream.conftest import VIN
from tests.telemetry.stream.test_admission import ENDS_WITHIN_S

NOWHERE = "redis://127.0.0.1:1/0"


class Broken(Known):
    """One that fails as nobody foresaw."""

    async def tell_streams(
        self, process: str, counts: Mapping[UUID, int]
    ) -> Counter[UUID]:
        raise RuntimeError(process, counts)


class Silent:
    """An admission that waits for a database that hangs."""

    def __init__(self) -> None:
        self.is_asked = asyncio.Event()

    async def admit(self, scope: dict[str, object]) -> Listener:
        raise NotImplementedError(scope)

    async def still(self, listeners: Sequence[Listener]) -> Sequence[Listener]:
        self.is_asked.set()
        await asyncio.Event().wait()
        return listeners


class Fickle:
    """An admission that fails at first, and then lets nobody listen any more."""

    def __init__(self) -> None:
        self._is_first = True

    async def admit(self, scope: dict[str, object]) -> Listener:
        raise NotImplementedError(scope)

    async def still(self, listeners: Sequence[Listener]) -> Sequence[None]:
        if self._is_first:
            self._is_first = False
            raise RuntimeError
        return [None] * len(listeners)


def box_of(clock: Clock | None = None) -> Mailbox:
    listener = Listener(uuid4(), "holder", frozenset({VIN}), Asked())
    return Mailbox(listener, AsyncMock(), clock=clock or Clock())


def play(story: Callable[[Watch], Awaitable[None]], known: Known) -> None:
    """Play a story with a watch, which leaves nothing behind."""

    async def scene() -> None:
        hub = Hub(NOWHERE, known)
        watch = Watch(hub, known, Streams(known))
        async with asyncio.timeout(ENDS_WITHIN_S):
            await story(watch)
        await watch.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await hub.close()
        await known.close()

    asyncio.run(scene())


async def until(is_true: Callable[[], object]) -> None:
    while not is_true():  # noqa: ASYNC110  # nothing tells of it
        await asyncio.sleep(0.01)


def test_database_that_hangs_holds_up_no_sign_of_life() -> None:
    async def story(watch: Watch) -> None:
        clock, silent = Clock(), Silent()
        box = box_of(clock)
        watch.add(box, silent)
        await silent.is_asked.wait()
        clock.now_s += ALIVE_EVERY_S
        assert await box.take() == KEEP_ALIVE
        clock.now_s += BLOCKED_S + 1
        await until(lambda: box.is_dropped)

    play(story, Known(NOWHERE))


def test_what_fails_is_told_and_ends_no_watch(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story(watch: Watch) -> None:
        box = box_of()
        watch.add(box, Fickle())
        await until(lambda: box.is_over)

    play(story, Broken(NOWHERE))
    failed = [one for one in caplog.messages if one == "streams were not checked"]
    assert len(failed) >= 2
