"""Write down what came of requests: what events came to at once, data once a second."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import Error

from webhooks.delivering.database import Database
from webhooks.outcomes import Tried
from webhooks.services import queue

_LOG = logging.getLogger(__name__)
_EVERY_S = 1.0
_AGAIN_S = 0.5
_MOST_WAITING = 2000


class Ledger:
    """Collect attempts and drops, and store them in bulk, each batch all or none.

    Of data that was accepted an endpoint's newest are told one by one, which is what
    the log shows; each holds the count of those before it.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock
        self._tried: dict[UUID, list[Tried]] = {}
        self._dropped: Counter[UUID] = Counter()
        self._is_stopped = False
        self._urgent = asyncio.Event()
        # That events were written down, so that those behind them may be sent.
        self.written = asyncio.Event()

    def add(self, tried: Tried) -> None:
        """Take note of one request."""
        known = self._tried.get(tried.endpoint_id)
        if known is None:
            known = self._tried[tried.endpoint_id] = []
        known.append(tried)
        if tried.delivery_id is not None:
            self._urgent.set()
        elif len(known) > queue.MOST_LOGGED:
            _join(known)

    def drop(self, endpoint_id: UUID, count: int) -> None:
        """Take note of data that an endpoint was not told."""
        self._dropped[endpoint_id] += count

    async def run(self) -> None:
        """Store what is there until `stop`; a database that is away is asked again."""
        while not self._is_stopped:
            try:
                async with asyncio.timeout(_EVERY_S):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            await self.flush()

    def stop(self) -> None:
        """End once what is being stored is stored."""
        self._is_stopped = True
        self._urgent.set()

    async def flush(self) -> None:
        """Store all that is there now."""
        self._urgent.clear()
        known, self._tried = self._tried, {}
        dropped, self._dropped = self._dropped, Counter()
        if not known and not dropped:
            return
        tried = [one for many in known.values() for one in many]
        try:
            await self._database(queue.finish, tried, dropped, self._clock())
        except Error:
            _LOG.exception("What came of %d deliveries could not be stored", len(tried))
            for endpoint_id, newer in self._tried.items():
                known.setdefault(endpoint_id, []).extend(newer)
            self._tried = {key: many[-_MOST_WAITING:] for key, many in known.items()}
            self._dropped.update(dropped)
            await asyncio.sleep(_AGAIN_S)
        else:
            if any(one.delivery_id is not None for one in tried):
                self.written.set()


def _join(known: list[Tried]) -> None:
    """Count the one before those that are logged with its follower, if both worked."""
    older, newer = known[-queue.MOST_LOGGED - 1], known[-queue.MOST_LOGGED]
    if _is_plain(older) and _is_plain(newer):
        newer.events_before += older.events_before + older.events
        del known[-queue.MOST_LOGGED - 1]


def _is_plain(one: Tried) -> bool:
    return one.delivery_id is None and one.outcome.has_worked
