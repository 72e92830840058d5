"""Serve one application in a thread of the test's own process, on a free port."""

import asyncio
import threading
from collections.abc import Callable
from socket import AF_INET, SOCK_STREAM, socket
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

_Result = TypeVar("_Result")


class Serving:
    """Serve what `make` returns while the `with` block runs."""

    def __init__(self, make: Callable[[], web.Application]) -> None:
        self._make = make
        self._socket = socket(AF_INET, SOCK_STREAM)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
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
        self._socket.close()

    def do(self, work: Callable[[], _Result]) -> _Result:
        """Run something in the server's own loop and return its result."""

        async def run() -> _Result:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner = web.AppRunner(self._make(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()
