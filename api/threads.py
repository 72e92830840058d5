"""Let the gateway's event loop ask the database, a few questions at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import close_old_connections, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_T = TypeVar("_T")


class Threads:
    """A few threads that live long, so that each keeps one database connection.

    Work that may wait for Tesla has threads of its own, apart from short questions.
    """

    def __init__(self) -> None:
        self._quick = ThreadPoolExecutor(4, thread_name_prefix="api-database")
        self._slow = ThreadPoolExecutor(8, thread_name_prefix="api-grants")
        self._connections: set[BaseDatabaseWrapper] = set()

    async def quickly(self, question: Callable[[], _T]) -> _T:
        """Run a short database question. Raises whatever it raises."""
        return await self._run(self._quick, question)

    async def slowly(self, work: Callable[[], _T]) -> _T:
        """Run work that may wait for Tesla, such as refreshing a grant."""
        return await self._run(self._slow, work)

    def close(self) -> None:
        """End the threads once their work is done, and close their connections."""
        self._quick.shutdown()
        self._slow.shutdown()
        while self._connections:
            kept = self._connections.pop()
            kept.inc_thread_sharing()
            kept.close()

    async def _run(self, pool: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        def with_connection() -> _T:
            self._connections.add(connections["default"])
            close_old_connections()
            try:
                return work()
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(pool, with_connection)
