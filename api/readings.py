"""Answer reads from Tesla's last answers, where the asker lets them be old.

Nearest first: this process's memory, looked through again each second; Redis, which all
processes and pages share; for a reading of any age the database. Each holds answers by
grant, so that nobody is told what another's Tesla account was told.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from redis.asyncio import Redis

from api.flights import Flights
from api.threads import Threads
from tokens.async_shared import Shared
from tokens.services import last_answers
from tokens.services.last_answers import Kept, Subject
from vehicles import places
from vehicles.models import VehicleAccess

_LOOKED_AT_S = 1.0
_WRITE_AFTER_S = 0.5
_BATCH = 32
_MOST_NEAR = 500
_MOST_BODY_BYTES = 256 * 1024


class Readings:
    """One process's view of the last answers."""

    def __init__(
        self,
        threads: Threads,
        shared: Shared,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._threads = threads
        self._shared = shared
        self._clock = clock
        self._near: dict[Subject, tuple[float, Kept | None]] = {}
        self._changed: dict[str, float] = {}
        self._flights: Flights[Subject, Kept | None] = Flights()
        self._waiting: dict[Subject, Kept] = {}
        self._writing: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    async def fresh(self, subject: Subject, within_s: float) -> Kept | None:
        """Return an answer that is young enough and no older than the last change."""
        if not within_s:
            return None
        kept = await self._look(subject)
        if kept is None or self._clock() - kept.at_s > within_s:
            return None
        return kept if kept.at_s > self.changed_at_s(subject.tag) else None

    async def last(self, subject: Subject) -> Kept | None:
        """Return the last answer of any age, None when there never was one."""
        kept = await self._look(subject)
        if kept is None and subject.endpoint == "vehicle_data":
            kept = await self._threads.quickly(lambda: _from_pages(subject))
        return kept

    def keep(self, subject: Subject, kept: Kept) -> None:
        """Keep an answer: here at once, for other processes within a moment."""
        if len(kept.body) > _MOST_BODY_BYTES:
            return
        self._remember(subject, kept)
        self._waiting[subject] = kept
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write_soon())

    def changed_at_s(self, tag: str) -> float:
        """Return when somebody last changed a car or site, 0 for never."""
        return self._changed.get(tag, 0.0)

    async def change(self, tag: str) -> None:
        """Note that a car or site was just changed: what was read before is old."""
        now_s = self._clock()
        if len(self._changed) >= _MOST_NEAR:
            self._changed.clear()
        self._changed[tag] = now_s

        async def write(client: Redis) -> Any:
            return await client.set(
                last_answers.CHANGED + tag, now_s, ex=last_answers.CHANGED_KEPT_S
            )

        await self._shared.ask(write)

    async def close(self) -> None:
        """Write what waits."""
        self._closing.set()
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _look(self, subject: Subject) -> Kept | None:
        near = self._near.get(subject)
        if near is not None and self._clock() - near[0] < _LOOKED_AT_S:
            return near[1]
        return await self._flights.join(subject, lambda: self._fetch(subject))

    async def _fetch(self, subject: Subject) -> Kept | None:
        """Return the newest of what is kept here, in Redis, and there by the pages."""

        async def read(client: Redis) -> Any:
            pipeline = client.pipeline(transaction=False)
            pipeline.hmget(subject.key, [subject.field, subject.whole.field])
            pipeline.get(last_answers.CHANGED + subject.tag)
            return await pipeline.execute()

        found: list[Kept | None] = [self._near.get(subject, (0.0, None))[1]]
        answer = await self._shared.ask(read)
        if answer is not None:
            (exact, whole), changed = answer
            found.append(last_answers.unpacked(exact))
            newest = max((one.at_s for one in found if one), default=0.0)
            by_pages = last_answers.unpacked(whole)
            if by_pages is not None and by_pages.at_s > newest:
                found.append(last_answers.cut_body(by_pages, subject.groups))
            if changed is not None:
                known = self._changed.get(subject.tag, 0.0)
                self._changed[subject.tag] = max(known, float(changed))
        kept = max((one for one in found if one), key=_moment, default=None)
        self._remember(subject, kept)
        return kept

    def _remember(self, subject: Subject, kept: Kept | None) -> None:
        if len(self._near) >= _MOST_NEAR and subject not in self._near:
            self._near.clear()
        self._near[subject] = (self._clock(), kept)

    async def _write_soon(self) -> None:
        while self._waiting:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), _WRITE_AFTER_S)
            waiting, self._waiting = self._waiting, {}
            rest = [*waiting.items()]
            while rest:
                batch, rest = rest[:_BATCH], rest[_BATCH:]
                await self._shared.ask(partial(_write, batch=batch))


async def _write(client: Redis, batch: list[tuple[Subject, Kept]]) -> None:
    pipeline = client.pipeline(transaction=False)
    for subject, kept in batch:
        last_answers.add(pipeline, subject, kept)
    await pipeline.execute()


def _moment(kept: Kept) -> float:
    return kept.at_s


def _from_pages(subject: Subject) -> Kept | None:
    """Return the last reading that a page made of a car, as the database has it."""
    row = (
        VehicleAccess.objects.filter(
            grant=subject.grant_id, vehicle__vin=subject.tag, gone_at=None
        )
        .values_list("vehicle_data", "vehicle_data_at")
        .first()
    )
    if row is None or row[0] is None or row[1] is None:
        return None
    seen = places.reading(row[0], sees_location=subject.may_locate)
    whole = Kept(row[1].timestamp(), last_answers.enveloped(seen))
    return last_answers.cut_body(whole, subject.groups)
