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
_MOST_WAITING = 20_000


class Ledger:
    """Collect attempts and drops, and store them in bulk, each batch all or none."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock
        self._tried: list[Tried] = []
        self._dropped: Counter[UUID] = Counter()
        self._is_stopped = False
        self._urgent = asyncio.Event()
        # That events were written down, so that those behind them may be sent.
        self.written = asyncio.Event()

    def add(self, tried: Tried) -> None:
        """Take note of one request."""
        self._tried.append(tried)
        if tried.delivery_id is not None:
            self._urgent.set()

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
        tried, self._tried = self._tried, []
        dropped, self._dropped = self._dropped, Counter()
        if not tried and not dropped:
            return
        try:
            await self._database(queue.finish, tried, dropped, self._clock())
        except Error:
            _LOG.exception("What came of %d deliveries could not be stored", len(tried))
            self._tried = [*tried, *self._tried][-_MOST_WAITING:]
            self._dropped.update(dropped)
            await asyncio.sleep(_AGAIN_S)
        else:
            if any(one.delivery_id is not None for one in tried):
                self.written.set()
