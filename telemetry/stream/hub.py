"""One process's hub: it reads all streams once and tells each listener once a tick.

Listeners of one account who asked for the same form a group, for which what happens is
joined once. While little happens, news leave at once. While much happens, a group is
told once a tick, and groups one after the other, each after the time that the server
takes to write to the one before: so that a busy process still reads, and what it tells
does not queue up behind it. Where entries went away before they were read, listeners get
what is known again.
"""

import asyncio
import contextlib
import logging
from collections import Counter, deque
from dataclasses import dataclass, field
from uuid import UUID

from events.channel import Channel, Stored, number, shard_of
from events.errors import Unavailable
from events.event import Topic
from telemetry.stream.admission import Listener
from telemetry.stream.asked import Asked
from telemetry.stream.frames import frame
from telemetry.stream.known import Known
from telemetry.stream.mailbox import Batch, Mailbox

_log = logging.getLogger(__name__)
_TICK_S = 0.010
# What it takes to write to one listener, with room for all else.
_WRITE_S = 50e-6
# Timers are no finer.
_LEAST_WAIT_S = 0.001
_BLOCK_MS = 5000
_COUNT = 500
_PAUSE_S = 0.1
_Key = tuple[Asked, frozenset[str], frozenset[str]]


@dataclass(slots=True)
class _Group:
    """The listeners who are told the same, and what they are told next."""

    asked: Asked
    products: frozenset[str]
    places: frozenset[str]
    boxes: dict[Mailbox, None] = field(default_factory=dict)
    events: list[Stored] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    is_due: bool = False
    told_at_s: float = 0.0

    def wants(self, event: Stored) -> bool:
        """Tell whether these listeners hear of an event."""
        asked = self.asked
        if asked.topics is not None and event.topic not in asked.topics:
            return False
        if asked.signal and event.topic is not Topic.DATA:
            return False
        if asked.product:
            return event.product == asked.product and event.product in self.products
        return not event.product or event.product in self.products


def _key(listener: Listener) -> _Key:
    return listener.asked, listener.products, listener.places


class Hub:
    """Tells the listeners of this process what happens; belongs to one event loop."""

    def __init__(self, redis_url: str, known: Known) -> None:
        self._channel = Channel(redis_url)
        self._known = known
        self._groups: dict[UUID, dict[_Key, _Group]] = {}
        self._due: deque[_Group] = deque()
        self._is_armed = False
        self._busy_until_s = 0.0
        self._reader: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Begin to read, from now on. Raises `Unavailable`."""
        if self._reader is not None:
            return
        async with self._starting:
            if self._reader is None:
                after = await self._channel.newest()
                self._reader = asyncio.create_task(self._read(after))

    async def close(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
            self._reader = None
        await self._channel.close()

    def add(self, box: Mailbox) -> None:
        """Tell a listener from now on."""
        listener = box.listener
        groups = self._groups.setdefault(listener.account_id, {})
        at = _key(listener)
        group = groups.get(at)
        if group is None:
            group = groups[at] = _Group(*at)
        elif group.events:
            # What waits for the others happened before this one came.
            self._flush_one(group)
        group.boxes[box] = None

    def remove(self, box: Mailbox) -> None:
        """Tell a listener nothing more."""
        listener = box.listener
        groups = self._groups.get(listener.account_id, {})
        at = _key(listener)
        group = groups.get(at)
        if group is None:
            return
        group.boxes.pop(box, None)
        if not group.boxes:
            del groups[at]
            if not groups:
                del self._groups[listener.account_id]

    def move(self, box: Mailbox, listener: Listener) -> None:
        """Tell a listener what it may hear from now on; what waits comes before."""
        groups = self._groups.get(listener.account_id, {})
        group = groups.get(_key(box.listener))
        if group is not None:
            self._flush_one(group)
        self.remove(box)
        box.listener = listener
        self.add(box)

    async def _read(self, after: dict[int, str]) -> None:
        is_away = False
        # What was read last of shards of which entries may have gone away unread.
        doubtful: dict[int, str] = {}
        while True:
            try:
                if doubtful:
                    await self._make_good(after, doubtful)
                found = await self._channel.read(
                    after, block_ms=_BLOCK_MS, count=_COUNT
                )
            except Unavailable as error:
                if not is_away:
                    _log.warning("streams wait for Redis: %s", error)
                is_away = True
                doubtful = dict(after)
                self._known.outdate_all()
                await asyncio.sleep(_PAUSE_S)
                continue
            is_away = False
            counts = Counter(event.shard for event in found)
            for shard, count in counts.items():
                if count >= _COUNT:
                    doubtful[shard] = after[shard]
            for event in found:
                after[event.shard] = event.id
                self._tell(event)
            # What is due is told before Redis is asked for more.
            await asyncio.sleep(0)

    async def _make_good(self, after: dict[int, str], doubtful: dict[int, str]) -> None:
        """Tell what is known to whom entries were lost. Raises `Unavailable`."""
        lost: set[int] = set()
        edges = await self._channel.edges(doubtful)
        for shard, (oldest, newest) in edges.items():
            if number(oldest) > number(doubtful[shard]):
                lost.add(shard)
            if number(newest) < number(after[shard]):
                # Another Redis, or an emptied one, whose numbers begin again.
                lost.add(shard)
                after[shard] = "0-0"
        for account_id, groups in list(self._groups.items()):
            if shard_of(account_id) in lost:
                self._known.outdate(account_id)
                for group in list(groups.values()):
                    await self._tell_known(account_id, group)
        doubtful.clear()

    async def _tell_known(self, account_id: UUID, group: _Group) -> None:
        if not group.asked.snapshot:
            return
        text = await self._known.text(
            account_id, group.asked, group.products, group.places
        )
        self._flush_one(group)
        for box in list(group.boxes):
            box.put_known(text)

    def _tell(self, event: Stored) -> None:
        self._known.outdate(event.account_id)
        groups = self._groups.get(event.account_id)
        if groups is None:
            return
        for group in groups.values():
            if not group.wants(event):
                continue
            text = frame(event.topic, event.body, group.asked)
            if text:
                group.events.append(event)
                group.texts.append(text)
                if not group.is_due:
                    self._note_due(group)

    def _note_due(self, group: _Group) -> None:
        """Have a group told when it is its turn, a tick after the last time at least."""
        group.is_due = True
        loop = asyncio.get_running_loop()
        wait_s = group.told_at_s + _TICK_S - loop.time()
        if wait_s > 0:
            loop.call_later(wait_s, self._enqueue, group)
        else:
            self._enqueue(group)

    def _enqueue(self, group: _Group) -> None:
        self._due.append(group)
        if not self._is_armed:
            self._arm()

    def _arm(self) -> None:
        self._is_armed = True
        loop = asyncio.get_running_loop()
        wait_s = self._busy_until_s - loop.time()
        if wait_s > _LEAST_WAIT_S:
            loop.call_later(wait_s, self._flush)
        else:
            loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Tell as many groups as are written to until the next look."""
        now_s = asyncio.get_running_loop().time()
        busy_s = max(self._busy_until_s, now_s)
        while self._due and busy_s <= now_s + _LEAST_WAIT_S:
            group = self._due.popleft()
            group.is_due, group.told_at_s = False, now_s
            self._flush_one(group)
            busy_s += len(group.boxes) * _WRITE_S
        self._busy_until_s = busy_s
        self._is_armed = False
        if self._due:
            self._arm()

    def _flush_one(self, group: _Group) -> None:
        if not group.events:
            return
        batch = Batch(group.events, b"".join(group.texts))
        group.events, group.texts = [], []
        for box in group.boxes:
            box.put(batch)
