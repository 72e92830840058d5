"""The process that tells endpoints what happens.

It reads the streams of events. What must not be lost becomes rows before it is
confirmed; data goes straight to its lane. Without Redis the rows are sent all the same.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import Error

from events.store import LASTING, SHARDS, Stored, number
from webhooks.delivering.acks import Acks
from webhooks.delivering.database import Database
from webhooks.delivering.gate import Gate, Paces
from webhooks.delivering.intake import ALIVE_S, Intake
from webhooks.delivering.lanes import Lane
from webhooks.delivering.ledger import Ledger
from webhooks.delivering.pieces import Held, Piece, name_of
from webhooks.delivering.post import Post
from webhooks.delivering.rows import Rows
from webhooks.models import DATA_KINDS, Kind
from webhooks.sender import TOTAL_S, Sender
from webhooks.services import outbox, sweeping
from webhooks.services.outbox import News
from webhooks.services.roster import Includes, Roster
from webhooks.targets import Target

_LOG = logging.getLogger(__name__)
_KINDS = frozenset(Kind.values)
_LASTING = frozenset(topic.value for topic in LASTING)
_MOST_FLOWING = 1000
_BREATH_S = 0.005
_LONGEST_BREATHS = 40
_AWAY_S = 0.5
_MOST_NEWS = 2000


def _now() -> datetime:
    # Django's own asks the settings each time, which costs as much as a signature.
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Say how often something is done, in seconds; tests are quicker."""

    roster_s: float = 1.0
    sweep_s: float = 30.0
    tidy_s: float = 600.0
    beat_s: float = 10.0
    alive_s: int = ALIVE_S


class Deliverer:
    """Deliver until told to stop.

    `entitlement` says what a person may be told, `line_works` whether the outside world
    can be reached, asked when endpoints cannot be; `beat` is called as a sign of life.
    """

    def __init__(  # noqa: PLR0913  # each is a different thing that the roof hands in
        self,
        entitlement: Callable[[UUID], Includes],
        *,
        redis_url: str,
        sender: Sender,
        host: str,
        data_lifetime_s: float,
        line_works: Callable[[], Awaitable[bool]] | None = None,
        beat: Callable[[], object] = lambda: None,
        clock: Callable[[], datetime] = _now,
        rhythm: Rhythm | None = None,
    ) -> None:
        self._rhythm = rhythm or Rhythm()
        self._clock, self._line_works, self._beat = clock, line_works, beat
        self._data_lifetime_s = data_lifetime_s
        self._sender, self._database = sender, Database()
        self.roster = Roster(entitlement)
        self.ledger = Ledger(self._database, clock)
        self._post = Post(sender, Gate(), Paces(), self.ledger, clock, host)
        self.rows = Rows(self._database, self._post, self.roster, clock)
        self._intake = Intake(redis_url, self._take, alive_s=self._rhythm.alive_s)
        self._acks = Acks(self._intake.confirm)
        self.lanes: dict[UUID, Lane] = {}
        self._news: asyncio.Queue[tuple[Stored, list[UUID]]] = asyncio.Queue(_MOST_NEWS)
        self._stopping, self._knows = asyncio.Event(), asyncio.Event()

    def stop(self) -> None:
        """End as soon as what is being sent has its answer."""
        self._stopping.set()

    async def run(self) -> None:
        """Deliver until `stop`; then finish what is under way, for 17 s at most."""
        rhythm = self._rhythm
        reading = self._start(
            self._once_known(self._intake.run),
            self._once_known(self._intake.look_after),
            self.rows.run(),
        )
        keeping = self._start(
            self._intake.stay_alive(),
            self._acks.run(),
            self._store_news(),
            self._ring_rows(),
            self._every(rhythm.roster_s, self._refresh),
            self._every(rhythm.sweep_s, self._sweep),
            self._every(rhythm.tidy_s, self._tidy),
            self._every(rhythm.beat_s, self._alive),
        )
        writing = self._start(self.ledger.run())
        watching = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait(
            [watching, *reading, *keeping, *writing],
            return_when=asyncio.FIRST_COMPLETED,
        )
        watching.cancel()
        try:
            await self._end(reading, keeping, writing)
        finally:
            for task in (*reading, *keeping, *writing):
                if task.done() and not task.cancelled() and task.exception():
                    # A part that died takes the process along, so that it is restarted.
                    task.result()

    async def _end(
        self,
        reading: list[asyncio.Task[None]],
        keeping: list[asyncio.Task[None]],
        writing: list[asyncio.Task[None]],
    ) -> None:
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        sending = [task for lane in self.lanes.values() for task in lane.stop()]
        began = time.monotonic()
        if sending:
            await asyncio.wait(sending, timeout=TOTAL_S + 1)
        await self.rows.finish(max(1.0, TOTAL_S + 1 - (time.monotonic() - began)))
        for task in keeping:
            task.cancel()
        self.ledger.stop()
        await asyncio.gather(*keeping, *writing, return_exceptions=True)
        await self.ledger.flush()
        await self._acks.flush()
        await self._intake.close()
        await self._sender.close()
        await self._database.close()

    @staticmethod
    def _start(*work: Coroutine[Any, Any, None]) -> list[asyncio.Task[None]]:
        return [asyncio.get_running_loop().create_task(one) for one in work]

    async def _once_known(self, work: Callable[[], Awaitable[None]]) -> None:
        """Read nothing before it is known who wants what: it would be lost."""
        await self._knows.wait()
        await work()

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await work()
            await asyncio.sleep(seconds)

    async def _take(self, entries: Sequence[Stored]) -> None:
        """Hand entries on; wait while the lanes that flow have enough to do."""
        # What came at this moment may be sent until then, in the loop's time.
        offset_s = asyncio.get_running_loop().time() - self._clock().timestamp()
        fresh_s = offset_s + self._data_lifetime_s
        for entry in entries:
            kind = entry.topic.value
            wanted = self.roster.wanting(entry.account_id, kind, entry.product)
            # What lasts stands in both streams, and is taken from its own.
            is_copy = kind in _LASTING and entry.shard < SHARDS
            if not wanted or is_copy or kind not in _KINDS:
                self._acks.add(entry.shard, entry.id)
            elif kind in DATA_KINDS:
                self._enqueue(entry, kind, wanted, fresh_s)
            else:
                await self._news.put((entry, [one.endpoint_id for one in wanted]))
        for _ in range(_LONGEST_BREATHS):
            flowing = sum(
                len(lane)
                for lane in self.lanes.values()
                if len(lane) and lane.is_flowing
            )
            if flowing < _MOST_FLOWING // 2:
                break
            await asyncio.sleep(_BREATH_S)

    def _enqueue(
        self, entry: Stored, kind: str, wanted: Sequence[Target], fresh_s: float
    ) -> None:
        born_ms, _ = number(entry.id)
        # A clock that was put back makes nobody younger than now.
        now_s = asyncio.get_running_loop().time()
        until_s = min(fresh_s + born_ms / 1000, now_s + self._data_lifetime_s)
        held, name = Held(self._acks, entry, len(wanted)), name_of(entry)
        for target in wanted:
            lane = self.lanes.get(target.endpoint_id)
            if lane is None:
                lane = self.lanes[target.endpoint_id] = Lane(target, self._post)
            lane.add(Piece(entry, name, kind, held, until_s))

    async def _store_news(self) -> None:
        """Make rows of events, then confirm them; both again while the database is away."""
        while True:
            batch = [await self._news.get()]
            while not self._news.empty() and len(batch) < _MOST_NEWS:
                batch.append(self._news.get_nowait())
            news = [(_news_of(entry), ids) for entry, ids in batch]
            while True:
                if await self._asked(partial(outbox.take, news)):
                    break
                await asyncio.sleep(_AWAY_S)
            for entry, _ in batch:
                self._acks.add(entry.shard, entry.id)
            self.rows.ring()

    async def _ring_rows(self) -> None:
        """Look for more of an endpoint's events once the former are written down."""
        while True:
            await self.ledger.written.wait()
            self.ledger.written.clear()
            self.rows.ring()

    async def _refresh(self) -> None:
        failing = self.roster.failing
        if not await self._asked(self.roster.refresh):
            return
        self._knows.set()
        # An event was accepted, or another process's data.
        well = failing - self.roster.failing
        for endpoint_id, lane in list(self.lanes.items()):
            target = self.roster.by_id.get(endpoint_id)
            if target is None or not target.is_sending:
                lane.close()
                del self.lanes[endpoint_id]
            else:
                lane.follow(target)
                if endpoint_id in well:
                    lane.open()

    async def _sweep(self) -> None:
        now, allowed = self._clock(), set(self.roster.by_id)
        try:
            line = await self._database(sweeping.line, now, allowed=allowed)
            is_down = False
            if line.is_doubtful:
                is_down = (
                    line.is_down
                    if self._line_works is None
                    else not await self._line_works()
                )
            await self._database(
                sweeping.sweep, now, line_is_down=is_down, allowed=allowed
            )
        except Error:
            _LOG.exception("Failing webhooks could not be looked after")

    async def _tidy(self) -> None:
        await self._asked(partial(sweeping.tidy, self._clock()))

    async def _alive(self) -> None:
        await self._asked(self._beat)

    async def _asked(self, function: Callable[[], object]) -> bool:
        try:
            await self._database(function)
        except Error:
            _LOG.exception("The database is away")
            return False
        return True


def _news_of(entry: Stored) -> News:
    return News(
        message_id=name_of(entry),
        user_id=entry.account_id,
        topic=entry.topic.value,
        product=entry.product,
        body=entry.body,
        at_ms=int(entry.id.partition("-")[0]),
    )
