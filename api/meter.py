"""Count what programs call and what Tesla bills for it, off the hot path.

Counts are kept in memory and written once a second, and when the door closes. The
same trip to the database brings back what all processes spent this month, so each knows
within seconds when to stop.
"""

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from api.responses import Refusal
from api.threads import Threads
from fleet.endpoints import Price
from tokens.auth import Caller
from tokens.services import credits, spending, usage  # noqa: A004
from tokens.services.usage import Count, Key

_log = logging.getLogger(__name__)
_WRITE_AFTER_S = 1.0
_READ_AGAIN_AFTER_S = 2.0
_MOST_WAITING = 20_000
_DAY_S = 86_400
_Name = tuple[int, int, str, Price]


class Meter:
    """One process's counts that are not yet written, and the month's spending."""

    def __init__(
        self, threads: Threads, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._threads = threads
        self._clock = clock
        # By day, token, car and class; a UUID's number is quicker to look up.
        self._counts: dict[_Name, tuple[Key, Count]] = {}
        self._writing: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        # Billed calls by class: written by all, and by us but not yet written.
        self._written: Mapping[str, int] | None = None
        self._ours: dict[str, int] = {}
        self._consumed: Counter[tuple[UUID, str, Price]] = Counter()
        self._spent_usd = Decimal(0)
        self._read_at_s = 0.0
        self._closing = asyncio.Event()

    def called(  # noqa: PLR0913 - each is a column
        self,
        caller: Caller,
        client: str,
        subject: str,
        price: Price,
        *,
        status: int,
        duration_ms: float,
    ) -> None:
        """Count one call of a program and its answer."""
        count = self._count(caller, subject, price)
        count.program, count.client = caller.name, client
        count.note_call(status, duration_ms)

    def saved(self, caller: Caller, subject: str, price: Price) -> None:
        """Count that Tesla needed not be asked."""
        self._count(caller, subject, price).saved += 1

    def asked(
        self, caller: Caller, subject: str, price: Price, status: int, name: str = ""
    ) -> None:
        """Count a call to Tesla, by its answer's status, 0 for none; ends `reserve`.

        What is billed is told to the account as credits, under `name`.
        """
        count = self._count(caller, subject, price)
        count.asked += 1
        if usage.is_billed(price, status):
            count.billed += 1
            self._consumed[caller.user_id, name, price] += 1
        elif price is not Price.FREE:
            self._reserve(price, -1)

    async def check(self, price: Price) -> None:
        """Raise the 402 `Refusal` when this month's money is spent."""
        if price is Price.FREE:
            return
        is_old = self._clock() - self._read_at_s > _READ_AGAIN_AFTER_S
        if is_old or self._written is None:
            await self._know()
        self._check(price)

    def reserve(self, price: Price) -> None:
        """Count a call that is about to be made; it is to be followed by `asked`.

        So calls at the same moment do not all pass the stop. Raises as `check` does.
        """
        if price is not Price.FREE:
            self._check(price)
            self._reserve(price, 1)

    def _check(self, price: Price) -> None:
        if spending.stops(price, self._spent_usd):
            why = spending.why_stopped(datetime.fromtimestamp(self._clock(), UTC))
            last = " With use_cache=true a car's last reading is still answered."
            raise Refusal(402, "insufficient_credits", why + last)

    @property
    def size(self) -> int:
        """Return how many rows wait to be written."""
        return len(self._counts)

    async def flush(self) -> None:
        """Write what is counted; while the database is away it is kept."""
        waiting, self._counts = self._counts, {}
        counts = dict(waiting.values())
        billed: dict[str, int] = {}
        for key, count in counts.items():
            billed[key.price_class] = billed.get(key.price_class, 0) + count.billed
        consumed, self._consumed = self._consumed, Counter()
        try:
            await self._threads.quickly(lambda: _write(counts, consumed))
        except DatabaseError:
            _log.warning("The usage of %d rows was not written.", len(counts))
            self._keep(waiting)
            self._consumed.update(consumed)
            return
        for price_class, written in billed.items():
            if written:
                self._ours[price_class] -= written
        await self._read()

    async def close(self) -> None:
        """Write what is left."""
        self._closing.set()
        under_way = [task for task in (self._writing, self._reading) if task]
        await asyncio.gather(*under_way, return_exceptions=True)
        if self._counts:
            await self.flush()

    def _reserve(self, price: Price, calls: int) -> None:
        self._ours[price.value] = self._ours.get(price.value, 0) + calls
        self._spent_usd += calls * settings.PRICES_USD.get(price.value, Decimal(0))

    def _keep(self, waiting: Mapping[_Name, tuple[Key, Count]]) -> None:
        """Keep counts for the next time, as many as memory should hold."""
        for name, (key, count) in waiting.items():
            if name in self._counts or len(self._counts) < _MOST_WAITING:
                self._counts.setdefault(name, (key, Count()))[1].add(count)

    def _count(self, caller: Caller, subject: str, price: Price) -> Count:
        day = int(self._clock() // _DAY_S)
        name = (day, caller.token_id.int, subject, price)
        found = self._counts.get(name)
        if found is None:
            key = Key(day, caller.user_id, caller.token_id, subject, price.value)
            found = self._counts[name] = (key, Count())
            if self._writing is None or self._writing.done():
                self._writing = asyncio.ensure_future(self._write_soon())
        return found[1]

    async def _write_soon(self) -> None:
        while self._counts and not self._closing.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), _WRITE_AFTER_S)
            await self.flush()

    async def _know(self) -> None:
        """See to it that the month's spending is known, and read again when old."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(self._read())
        if self._written is None and self._reading is not None:
            await asyncio.shield(self._reading)

    async def _read(self) -> None:
        self._read_at_s = self._clock()
        month = spending.month_of(datetime.fromtimestamp(self._read_at_s, UTC))
        try:
            self._written = await self._threads.quickly(lambda: spending.billed(month))
        except DatabaseError:
            _log.warning("What was spent this month was not read.")
            self._written = self._written or {}
        self._spent_usd = spending.usd(self._written) + spending.usd(self._ours)


def _write(
    counts: Mapping[Key, Count], consumed: Mapping[tuple[UUID, str, Price], int]
) -> None:
    """Write counts; then tell the accounts their credits, as many as it has been."""
    usage.write(counts)
    # The counts are written by now: they must not be written again.
    with contextlib.suppress(DatabaseError):
        credits.tell(credits.Consumed(*what, calls) for what, calls in consumed.items())
