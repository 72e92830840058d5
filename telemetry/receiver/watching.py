"""Keep who sees the connected cars, at most two seconds old."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from django.db import DatabaseError

from vehicles.services.viewers import Viewer

_LOG = logging.getLogger(__name__)
_EVERY_S = 1.5
Viewers = Mapping[str, tuple[Viewer, ...]]
Ask = Callable[[set[str]], Viewers]


class Watching:
    """Who sees which car, asked of the database in a thread.

    While the database is away, what was known stays, and new cars wait.
    """

    def __init__(self, ask: Ask, *, every_s: float = _EVERY_S) -> None:
        self._ask = ask
        self._every_s = every_s
        self._counts: dict[str, int] = {}
        self._known: dict[str, tuple[Viewer, ...]] = {}
        self._new: dict[str, list[Callable[[], None]]] = {}
        self._wake = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="viewers")

    def viewers(self, vin: str) -> tuple[Viewer, ...] | None:
        """Return who sees a car, None while that is not known yet."""
        return self._known.get(vin)

    def add(self, vin: str, when_known: Callable[[], None]) -> None:
        """Watch a car for one connection more; call back when it is known."""
        self._counts[vin] = self._counts.get(vin, 0) + 1
        if vin in self._known:
            when_known()
            return
        self._new.setdefault(vin, []).append(when_known)
        self._wake.set()

    def remove(self, vin: str) -> None:
        """Watch a car for one connection less."""
        self._counts[vin] -= 1
        if not self._counts[vin]:
            del self._counts[vin]
            self._known.pop(vin, None)
            self._new.pop(vin, None)

    async def run(self) -> None:
        """Keep it up to date until cancelled."""
        loop = asyncio.get_running_loop()
        due_s = loop.time() + self._every_s
        while True:
            try:
                async with asyncio.timeout_at(due_s):
                    await self._wake.wait()
                self._wake.clear()
                wanted = set(self._new)
            except TimeoutError:
                due_s = loop.time() + self._every_s
                wanted = set(self._counts)
            await self._learn(wanted)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False)

    async def _learn(self, vins: set[str]) -> None:
        if not vins:
            return
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._thread, self._ask, vins)
        except DatabaseError as error:
            _LOG.warning("Who sees which car is not known: %s", type(error).__name__)
            return
        for vin in vins & self._counts.keys():
            self._known[vin] = found.get(vin, ())
            for when_known in self._new.pop(vin, ()):
                when_known()
