"""Serve one application in a thread of the test's own process, on a free port."""

from collections.abc import Callable
from socket import AF_INET, SOCK_STREAM, socket
from types import TracebackType

from aiohttp import web

from simulator.threads import InThread


class Serving(InThread):
    """Serve what `make` returns while the `with` block runs."""

    def __init__(self, make: Callable[[], web.Application]) -> None:
        super().__init__()
        self._make = make
        self._socket = socket(AF_INET, SOCK_STREAM)
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        self._socket.close()

    async def work(self) -> None:
        """Serve the application."""
        runner = web.AppRunner(self._make(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        await self.until_end()
        await runner.cleanup()
