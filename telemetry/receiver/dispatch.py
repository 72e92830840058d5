"""Bring events to Redis, and say so to whoever brought them, once Redis has them.

A way to Redis and back costs the processor as much as a record does. So a record that
comes soon after another waits some milliseconds for company; one that comes alone goes
at once. What waits is read together, too: one after the other, records take less than
one at each look at the network, where the processor has to find the code again.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from events.errors import Unavailable
from events.event import Entry

_LOG = logging.getLogger(__name__)
_MOST_AT_ONCE = 500
# How far apart ways to Redis are, more for each record of the last one: where many come
# their cost counts for more than a moment does.
_APART_S, _MORE_S, _MOST_APART_S = 0.008, 0.0005, 0.032


class Publishes(Protocol):
    """What brings entries to Redis: `events.channel.Channel`."""

    async def publish(self, entries: Sequence[Entry]) -> None:
        """Return when Redis has confirmed. Raises `events.errors.Unavailable`."""


class Reader(Protocol):
    """Whoever brought a frame and reads it when it is its turn."""

    def read(self, content: bytes, /) -> None:
        """Read a frame, and `put` what it says."""

    def lost(self) -> None:
        """Hear that a frame could not be read."""


class Sender(Protocol):
    """Whoever sent a record and waits to hear what became of it."""

    def safe(self, token: bytes, /) -> bool:
        """Hear that a record is in Redis; tell whether `flush` is to be called."""

    def flush(self) -> None:
        """Answer for all records that were heard to be safe."""

    def lost(self) -> None:
        """Hear that a record is perhaps not in Redis."""


_Item = tuple[list[Entry], Sender, bytes, int]


class Dispatch:
    """One process's way to Redis, where records of many cars share each round trip."""

    def __init__(self, channel: Publishes) -> None:
        self._channel = channel
        self._unread: deque[tuple[Reader, bytes]] = deque()
        self._waiting: list[_Item] = []
        self._task: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._next_s = 0.0
        self.waiting_bytes = 0

    def bring(self, reader: Reader, content: bytes) -> None:
        """Take a frame; its reader is asked to read it when it is its turn."""
        self._unread.append((reader, content))
        self.waiting_bytes += len(content)
        if self._task is None:
            self._begin()

    def read(self, most: int | None = None) -> None:
        """Have what was brought read now, in its order."""
        for _ in range(most or len(self._unread)):
            if not self._unread:
                return
            reader, content = self._unread.popleft()
            self.waiting_bytes -= len(content)
            try:
                reader.read(content)
            except Exception:  # noqa: BLE001  # logged
                _LOG.exception("A frame was not read.")
                _tell(reader.lost)

    def put(
        self, entries: list[Entry], sender: Sender, token: bytes, size: int
    ) -> None:
        """Take entries; tell the sender what became of them, by its token."""
        self._waiting.append((entries, sender, token, size))
        self.waiting_bytes += size
        if self._task is None:
            self._begin()

    @property
    def _count(self) -> int:
        return len(self._unread) + len(self._waiting)

    async def drained(self) -> None:
        """Return when nothing waits."""
        await self._idle.wait()

    def _begin(self) -> None:
        self._idle.clear()
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._count:
                early_s = self._next_s - loop.time()
                if early_s > 0 and self._count < _MOST_AT_ONCE:
                    await asyncio.sleep(early_s)
                began_s = loop.time()
                self.read(_MOST_AT_ONCE)
                batch = self._waiting[:_MOST_AT_ONCE]
                del self._waiting[:_MOST_AT_ONCE]
                apart_s = min(_APART_S + len(batch) * _MORE_S, _MOST_APART_S)
                self._next_s = began_s + apart_s
                if batch:
                    await self._publish(batch)
        finally:
            self._task = None
            self._idle.set()

    async def _publish(self, batch: list[_Item]) -> None:
        try:
            await self._channel.publish([one for item in batch for one in item[0]])
        except Unavailable:
            for _, sender, _, size in batch:
                self.waiting_bytes -= size
                _tell(sender.lost)
            return
        answering = []
        for _, sender, token, size in batch:
            self.waiting_bytes -= size
            if sender.safe(token):
                answering.append(sender)
        for sender in answering:
            _tell(sender.flush)


def _tell(answer: Callable[[], None]) -> None:
    """Have one sender answer; where that fails, the others hear all the same."""
    try:
        answer()
    except Exception:  # noqa: BLE001  # logged
        _LOG.exception("A car was not answered.")
