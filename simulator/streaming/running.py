"""Run a convoy in a thread of the test's own process."""

import asyncio
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from simulator.streaming.convoy import Convoy

_Result = TypeVar("_Result")


class RunningConvoy:
    """Stream while the `with` block runs; `make` is called in the convoy's own loop.

    Example: `RunningConvoy(lambda: Convoy(destination, ca, make_cars(2)))`.
    """

    def __init__(self, make: Callable[[], Convoy]) -> None:
        self._make = make
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self.convoy: Convoy

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
        """Run something in the convoy's loop, such as its `tick`; return its result."""

        async def run() -> _Result:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def _run(self) -> None:
        asyncio.run(self._stream())

    async def _stream(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with self._make() as self.convoy:
            self._ready.set()
            await self._stop.wait()
