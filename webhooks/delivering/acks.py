"""Confirm to Redis what is done, in bulk."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from events.errors import Unavailable

GROUP = "webhooks"
Confirm = Callable[[int, Sequence[str]], Awaitable[None]]
_EVERY_S = 0.05
_AWAY_S = 0.5
_MOST_IN_ONE = 1000
_LOG = logging.getLogger(__name__)


class Acks:
    """Collect the entries that are done with, and confirm them every 50 ms."""

    def __init__(self, confirm: Confirm) -> None:
        self._confirm = confirm
        self._done: dict[int, list[str]] = {}
        self._any = asyncio.Event()

    def add(self, shard: int, entry_id: str) -> None:
        """Take note of one entry that is done with."""
        self._done.setdefault(shard, []).append(entry_id)
        self._any.set()

    async def run(self) -> None:
        """Confirm for ever; while Redis is away what is done is remembered."""
        while True:
            await self._any.wait()
            await asyncio.sleep(_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """Confirm all that is done."""
        self._any.clear()
        while self._done:
            shard, found = next(iter(self._done.items()))
            some, rest = found[:_MOST_IN_ONE], found[_MOST_IN_ONE:]
            try:
                await self._confirm(shard, some)
            except Unavailable:
                self._any.set()
                await asyncio.sleep(_AWAY_S)
                return
            # More may have been added meanwhile.
            now = self._done[shard]
            if len(now) == len(some) and not rest:
                del self._done[shard]
            else:
                self._done[shard] = now[len(some) :]
