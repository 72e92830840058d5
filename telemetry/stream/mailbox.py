"""What waits for one listener: little, and for a slow one only the newest.

A quick listener gets the batch of a tick as it was joined for its whole group. For one
that does not keep up, values of the same signal replace each other; one whose mail is
too much even so, or who takes nothing for half a minute, is dropped.

Who waits for mail is handed it at once, by whoever brings it: to wake a task for each
listener takes several times as long.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from events.channel import Stored
from events.event import Topic
from telemetry.stream.admission import Listener
from telemetry.stream.frames import KEEP_ALIVE, frame

SLOW_BYTES = 64 * 1024
MOST_BYTES = 1024 * 1024
BLOCKED_S = 30.0
ALIVE_EVERY_S = 10.0
# How long the last of its mail may take when a stream is over.
_LEAVE_WITHIN_S = 0.5


Write = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of one tick for one group, and how they are sent."""

    events: Sequence[Stored]
    text: bytes


class _Begun:
    """Go on, in a task, with what was begun outside of one and has to wait."""

    def __init__(self, sending: Generator[Any, None, None], awaited: Any) -> None:
        self._sending, self._awaited = sending, awaited

    def __await__(self) -> Generator[Any, None, None]:
        yield self._awaited
        yield from self._sending


class Mailbox:
    """One listener's mail; belongs to one event loop.

    `write` sends a text; it is called outside of any task, too.
    """

    __slots__ = (
        "_batches",
        "_begun",
        "_clock",
        "_mailed_at_s",
        "_newest",
        "_others",
        "_size",
        "_taken_at_s",
        "_waiter",
        "is_dropped",
        "is_over",
        "listener",
        "write",
        "writer",
    )

    def __init__(
        self,
        listener: Listener,
        write: Write,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.listener = listener
        self.write = write
        # What was begun to be handed over, and has to wait for the listener.
        self._begun: _Begun | None = None
        self.is_over = False
        self.is_dropped = False
        self.writer: asyncio.Task[None] | None = None
        self._clock = clock
        self._batches: list[Batch] = []
        self._size = 0
        # What a slow listener is told: by product the newest of each signal.
        self._newest: dict[str, dict[str, Any]] | None = None
        self._others: list[bytes] = []
        self._waiter: asyncio.Future[None] | None = None
        self._taken_at_s = 0.0
        self._mailed_at_s = clock()

    def put(self, batch: Batch) -> None:
        """Add the events of a tick."""
        if self.is_over:
            return
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            self._hand(batch.text, waiter)
            return
        if self._newest is None:
            self._batches.append(batch)
            self._size += len(batch.text)
            if self._size > SLOW_BYTES and self._waiter is None:
                self._coalesce()
        else:
            self._fold(batch)
        if self._size > MOST_BYTES and self._waiter is None:
            self.drop()

    def put_known(self, text: bytes) -> None:
        """Add what is known, which is newer than all that waits."""
        if self.is_over or not text:
            return
        batch = Batch((), text)
        if self._newest is None:
            self._batches.append(batch)
            self._size += len(text)
        else:
            self._fold(batch)
        self._wake()

    def keep_alive(self) -> None:
        """Send a sign of life to one who got nothing for a while."""
        silent_s = self._clock() - self._mailed_at_s
        if self._size == 0 and silent_s >= ALIVE_EVERY_S:
            self._batches.append(Batch((), KEEP_ALIVE))
            self._size = len(KEEP_ALIVE)
            self._wake()

    def end(self) -> None:
        """Send nothing more."""
        self.is_over = True
        self._batches, self._newest, self._others = [], None, []
        self._size = 0
        self._wake()

    def drop(self) -> None:
        """End a listener who takes nothing, though something is being sent to it."""
        self.is_dropped = True
        self.end()
        if self.writer is not None and self._waiter is None:
            self.writer.cancel()

    @property
    def is_blocked(self) -> bool:
        """Tell whether the listener took nothing for too long."""
        most_s = _LEAVE_WITHIN_S if self.is_over else BLOCKED_S
        return self._taken_at_s > 0 and self._clock() - self._taken_at_s > most_s

    async def take(self) -> bytes:
        """Wait for mail and return all of it; b"" when it is over."""
        self._taken_at_s = 0.0
        while not self._size and not self.is_over:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
            if self._begun is not None:
                begun, self._begun = self._begun, None
                await begun
                self._taken_at_s = 0.0
        self._taken_at_s = self._mailed_at_s = self._clock()
        if self._newest is not None:
            return self._told()
        batches, self._batches = self._batches, []
        self._size = 0
        if len(batches) == 1:
            return batches[0].text
        return b"".join([batch.text for batch in batches])

    def sending(self) -> None:
        """Note that something is being sent."""
        self._taken_at_s = self._clock()

    def _hand(self, text: bytes, waiter: asyncio.Future[None]) -> None:
        """Hand over what one who waits is told; if that takes time, its task waits."""
        self._mailed_at_s = self._clock()
        try:
            sending = self.write(text).__await__()
            awaited = next(sending)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001  # raised where the stream is served
            waiter.set_exception(error)
            return
        self._taken_at_s = self._mailed_at_s
        self._begun = _Begun(sending, awaited)
        waiter.set_result(None)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _coalesce(self) -> None:
        batches, self._batches = self._batches, []
        self._newest = {}
        self._size = 0
        for batch in batches:
            self._fold(batch)

    def _fold(self, batch: Batch) -> None:
        asked = self.listener.asked
        newest = self._newest
        if newest is None:
            return
        if not batch.events and batch.text != KEEP_ALIVE:
            newest.clear()
            self._others.append(batch.text)
            self._size += len(batch.text)
        for event in batch.events:
            text = frame(event.topic, event.body, asked)
            if event.topic is not Topic.DATA:
                self._others.append(text)
                self._size += len(text)
            elif text:
                content = orjson.loads(event.body)
                known = newest.setdefault(event.product, {"data": {}})
                values = known["data"]
                for name, value in content["data"].items():
                    if name not in values:
                        self._size += len(name) + len(orjson.dumps(value))
                    values[name] = value
                known["createdAt"] = content["createdAt"]

    def _told(self) -> bytes:
        newest, self._newest = self._newest, None
        others, self._others = self._others, []
        self._size = 0
        texts = [
            frame(
                Topic.DATA,
                orjson.dumps(
                    {
                        "createdAt": known["createdAt"],
                        "vin": product,
                        "data": known["data"],
                    }
                ),
                self.listener.asked,
            )
            for product, known in (newest or {}).items()
        ]
        return b"".join([*others, *texts])
