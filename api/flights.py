"""Let many who ask the same thing at the same moment wait for one answer."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Flights(Generic[_K, _V]):
    """Questions under way, each asked once however many wait for it."""

    def __init__(self) -> None:
        self._under_way: dict[_K, asyncio.Task[_V]] = {}

    async def join(self, key: _K, ask: Callable[[], Coroutine[Any, Any, _V]]) -> _V:
        """Return the answer to `key`, asking only if nobody else is waiting for it.

        Raises what asking raises, to everybody who waits.
        """
        task = self._under_way.get(key)
        # One that is done stays until its callback has run: it answers nobody new.
        if task is None or task.done():
            task = asyncio.create_task(ask())
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        # Shielded: others may wait for the same answer when this caller leaves.
        return await asyncio.shield(task)

    def _forget(self, key: _K, task: asyncio.Task[_V]) -> None:
        if self._under_way.get(key) is task:
            del self._under_way[key]
