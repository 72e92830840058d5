"""When listeners are told: at once while little happens, else account by account."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings

from events import shapes
from events.channel import Stored
from events.event import Topic
from telemetry.stream.admission import Listener
from telemetry.stream.asked import Asked
from telemetry.stream.hub import Hub
from telemetry.stream.known import Known
from telemetry.stream.mailbox import Mailbox
from tests.telemetry.stream.conftest import VIN

AT_MS = 1785233730007
BODY = shapes.state(VIN, "online", AT_MS).body
LINE = b"data: %b\n\n" % BODY
# So many that their turn takes several milliseconds.
LISTENERS = 100
TICK_S = 0.010


@dataclass
class Stage:
    """A hub, who was written what, in this order, and a clock that stands still."""

    hub: Hub
    now_s: float = 1000.0
    written: list[tuple[int, bytes]] = field(default_factory=list)
    _tasks: list[asyncio.Task[bytes]] = field(default_factory=list)

    async def listen(self, account: int) -> None:
        """Have one more listener of an account wait for mail."""

        async def write(text: bytes) -> None:  # a server's is
            self.written.append((account, text))

        listener = Listener(UUID(int=account), "holder", frozenset({VIN}), Asked())
        box = Mailbox(listener, write)
        self.hub.add(box)
        self._tasks.append(asyncio.create_task(box.take()))
        await asyncio.sleep(0)

    def tell(self, account: int) -> None:
        """Have something happen."""
        event = Stored("1-0", 0, UUID(int=account), VIN, Topic.STATE, BODY)
        self.hub._tell(event)  # noqa: SLF001

    def accounts(self) -> list[int]:
        """Return who was told, in order, each account's listeners as one."""
        return list(dict.fromkeys(account for account, _ in self.written))

    async def settle(self) -> None:
        """Let all that is due now be done."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def after(self, wait_s: float) -> None:
        """Let so much time pass, and all be done that is due then."""
        self.now_s += wait_s
        await self.settle()

    def end(self) -> None:
        """Let nobody wait any more."""
        for task in self._tasks:
            task.cancel()


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Give a stage whose hub reads nothing by itself."""
    known = Known(settings.REDIS_URL)
    stage = Stage(Hub(settings.REDIS_URL, known))
    loop = asyncio.get_running_loop()
    real = loop.time
    loop.time = lambda: stage.now_s  # type: ignore[method-assign]
    yield stage
    loop.time = real  # type: ignore[method-assign]
    stage.end()
    await stage.hub.close()
    await known.close()


def test_what_comes_alone_is_told_at_once_and_what_follows_with_its_tick() -> None:
    async def story() -> None:
        async with staged() as stage:
            await stage.listen(1)
            stage.tell(1)
            stage.tell(1)
            await stage.settle()
            assert stage.written == [(1, LINE + LINE)]
            stage.tell(1)
            stage.tell(1)
            await stage.after(0.9 * TICK_S)
            assert len(stage.written) == 1
            await stage.after(0.2 * TICK_S)
            assert stage.written[1:] == [(1, LINE + LINE)]

    asyncio.run(story())


def test_accounts_have_their_turns_one_after_the_other() -> None:
    async def story() -> None:
        async with staged() as stage:
            for number in range(3 * LISTENERS):
                await stage.listen(number % 3)
            for account in (2, 0, 1):
                stage.tell(account)
            await stage.settle()
            assert stage.accounts() == [2]
            await stage.after(0.003)
            assert stage.accounts() == [2]
            await stage.after(0.003)
            assert stage.accounts() == [2, 0]
            await stage.after(0.006)
            assert stage.accounts() == [2, 0, 1]
            assert len(stage.written) == 3 * LISTENERS

    asyncio.run(story())


def test_a_turn_that_was_late_does_not_hold_up_the_next() -> None:
    async def story() -> None:
        async with staged() as stage:
            for number in range(2 * LISTENERS):
                await stage.listen(number % 2)
            stage.tell(0)
            await stage.settle()
            stage.tell(1)
            await stage.after(1.0)
            assert stage.accounts() == [0, 1]

    asyncio.run(story())


def test_small_accounts_share_a_turn() -> None:
    async def story() -> None:
        async with staged() as stage:
            for account in range(10):
                await stage.listen(account)
            for account in range(10):
                stage.tell(account)
            await stage.settle()
            assert stage.accounts() == list(range(10))

    asyncio.run(story())
