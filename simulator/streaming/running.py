"""Run a convoy in a thread of the test's own process."""

from collections.abc import Callable

from simulator.streaming.convoy import Convoy
from simulator.threads import InThread


class RunningConvoy(InThread):
    """Stream while the `with` block runs; `make` is called in the convoy's own loop.

    Example: `RunningConvoy(lambda: Convoy(destination, ca, make_cars(2)))`.
    """

    def __init__(self, make: Callable[[], Convoy]) -> None:
        super().__init__()
        self._make = make
        self.convoy: Convoy

    async def work(self) -> None:
        """Let the convoy stream."""
        async with self._make() as self.convoy:
            await self.until_end()
