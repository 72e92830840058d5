"""Watch over all streams of a process: who may still listen, who is alive, who is stuck.

Each holder is asked about twice a second, many at once, and answers are up to a second
old: a removed token, a lost car and an ended subscription end what they opened within
two seconds, with room for a slow database. What is asked of the database, what is told
to Redis and what keeps listeners alive go on side by side: who waits for one that hangs
holds up nobody else.
"""

import asyncio
import dataclasses
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Hashable
from uuid import UUID

from events.errors import Unavailable
from telemetry.stream.admission import Admission, Listener
from telemetry.stream.counting import Streams
from telemetry.stream.hub import Hub
from telemetry.stream.known import Known
from telemetry.stream.mailbox import Mailbox

_log = logging.getLogger(__name__)
CHECK_EVERY_S = 0.45
# Asked about together: one question for all costs little more than for one, but what is
# told waits behind a long one.
_AT_ONCE = 25
PRESENT_EVERY_S = 30.0


class Watch:
    """Holds the streams of one event loop."""

    def __init__(self, hub: Hub, known: Known, streams: Streams) -> None:
        self._hub = hub
        self._streams = streams
        self._known = known
        self._boxes: dict[tuple[Admission, Hashable], dict[Mailbox, None]] = (
            defaultdict(dict)
        )
        self._where: dict[Mailbox, tuple[Admission, Hashable]] = {}
        self._accounts: Counter[UUID] = Counter()
        self._watching: list[asyncio.Task[None]] = []
        self._present_at_s = 0.0

    def add(self, box: Mailbox, admission: Admission) -> None:
        """Watch over a stream, and have the hub tell it what happens."""
        where = (admission, box.listener.holder)
        self._where[box] = where
        self._boxes[where][box] = None
        account = box.listener.account_id
        if not self._accounts[account]:
            self._present_at_s = 0.0
        self._accounts[account] += 1
        self._hub.add(box)
        if not self._watching:
            self._watching = [
                asyncio.create_task(self._repeat(turn))
                for turn in (self._note_alive, self._tell_redis, self._check_all)
            ]

    def remove(self, box: Mailbox) -> None:
        """Watch over a stream no longer."""
        where = self._where.pop(box, None)
        if where is None:
            return
        self._hub.remove(box)
        boxes = self._boxes[where]
        boxes.pop(box, None)
        if not boxes:
            del self._boxes[where]
        account = box.listener.account_id
        self._accounts[account] -= 1
        if not self._accounts[account]:
            del self._accounts[account]

    def end_all(self) -> None:
        """End all streams cleanly."""
        for box in list(self._where):
            box.end()

    async def close(self) -> None:
        """Stop watching."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)

    async def _repeat(self, turn: Callable[[], Awaitable[None]]) -> None:
        """Take a turn again and again, one that takes longer as soon as it is over."""
        while True:
            next_at_s = time.monotonic() + CHECK_EVERY_S
            try:
                await turn()
            except Exception:  # noqa: BLE001  # logged
                _log.exception("streams were not checked")
            await asyncio.sleep(max(0.0, next_at_s - time.monotonic()))

    async def _note_alive(self) -> None:
        for box in list(self._where):
            if box.is_blocked:
                box.drop()
            else:
                box.keep_alive()

    async def _tell_redis(self) -> None:
        await self._note_present()
        await self._streams.tell()

    async def _note_present(self) -> None:
        now_s = time.monotonic()
        if now_s < self._present_at_s or not self._accounts:
            return
        self._present_at_s = now_s + PRESENT_EVERY_S
        try:
            await self._known.note_present(set(self._accounts))
        except Unavailable:
            self._present_at_s = now_s + 1

    async def _check_all(self) -> None:
        """Ask about each holder once, spread over the time until the next round."""
        holders: dict[Admission, list[Hashable]] = defaultdict(list)
        for admission, holder in self._boxes:
            holders[admission].append(holder)
        some = [
            (admission, those[first : first + _AT_ONCE])
            for admission, those in holders.items()
            for first in range(0, len(those), _AT_ONCE)
        ]
        # Those that still go on when this is ended end with it.
        async with asyncio.TaskGroup() as checks:
            for admission, those in some:
                checks.create_task(self._check(admission, those))
                await asyncio.sleep(CHECK_EVERY_S / len(some))

    async def _check(self, admission: Admission, holders: list[Hashable]) -> None:
        groups = [list(self._boxes.get((admission, one), ())) for one in holders]
        groups = [boxes for boxes in groups if boxes]
        try:
            found = await admission.still([boxes[0].listener for boxes in groups])
        except Exception:  # noqa: BLE001  # logged; the others are asked about
            _log.exception("streams were not checked")
            return
        for boxes, now in zip(groups, found, strict=True):
            for box in boxes:
                if box in self._where:
                    self._apply(box, now)

    def _apply(self, box: Mailbox, now: Listener | None) -> None:
        listener = box.listener
        asked = listener.asked
        if now is None or (asked.product and asked.product not in now.products):
            box.end()
        elif (now.products, now.places) != (listener.products, listener.places):
            self._hub.move(
                box,
                dataclasses.replace(listener, products=now.products, places=now.places),
            )
