"""Write what programs had cars do to the command log, off the hot path."""

import asyncio
import contextlib
import logging
from collections import deque

from django.db import DatabaseError

from api.threads import Threads
from vehicles.services import commands
from vehicles.services.commands import Sent

_log = logging.getLogger(__name__)
_WRITE_AFTER_S = 0.5
_MOST_WAITING = 5000


class CommandLog:
    """One process's commands that are over and not yet written."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._waiting: deque[Sent] = deque(maxlen=_MOST_WAITING)
        self._writing: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def add(self, sent: Sent) -> None:
        """Keep a command for the next writing, half a second from now at most.

        Above five thousand that the database did not take, the oldest are let go.
        """
        self._waiting.append(sent)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write_soon())

    async def flush(self) -> None:
        """Write what waits; while the database is away it is kept."""
        batch = list(self._waiting)
        self._waiting.clear()
        try:
            await self._threads.quickly(lambda: commands.record(batch))
        except DatabaseError:
            _log.warning("%d commands were not written to the log.", len(batch))
            self._waiting.extendleft(reversed(batch))

    async def close(self) -> None:
        """Write what is left."""
        self._closing.set()
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)
        if self._waiting:
            await self.flush()

    async def _write_soon(self) -> None:
        while self._waiting and not self._closing.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), _WRITE_AFTER_S)
            await self.flush()
