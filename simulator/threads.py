"""Run something in an event loop of its own, in a thread of the test's process."""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

_Result = TypeVar("_Result")


class InThread:
    """Run `work` while the `with` block runs; `work` calls `until_end` when ready."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def do(self, work: Callable[[], _Result]) -> _Result:
        """Run something in the thread's own loop and return its result."""

        async def run() -> _Result:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    async def work(self) -> None:
        """Begin, wait for `until_end`, and clean up."""
        raise NotImplementedError

    async def until_end(self) -> None:
        """Say that all has begun, and wait for the end of the `with` block."""
        self._ready.set()
        await self._stop.wait()

    def _run(self) -> None:
        asyncio.run(self._begin())

    async def _begin(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await self.work()
