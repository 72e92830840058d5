"""Count the signals that cars stream, as Tesla bills them, and write them in batches."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from django.db import DatabaseError

from fleet.endpoints import Price
from tokens.services import usage
from tokens.services.usage import Count, Key
from vehicles.services.viewers import Viewer

_LOG = logging.getLogger(__name__)
_NOBODY = UUID(int=0)
_MOST_ROWS = 100_000
_DAY_S = 86_400
Write = Callable[[Mapping[Key, Count]], None]


class Metering:
    """Signals received and not yet written, by day, account and car.

    Tesla bills a signal once, so it counts for one account: the first that sees the
    car. Signals of cars that nobody sees count for the instance alone.
    """

    def __init__(
        self, write: Write = usage.write, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._write = write
        self._clock = clock
        self._signals: dict[tuple[int, UUID, str], int] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="signals")

    def count(self, vin: str, viewers: Sequence[Viewer], signals: int) -> None:
        """Count signals of a car."""
        account = viewers[0].account_id if viewers else _NOBODY
        key = int(self._clock()) // _DAY_S, account, vin
        self._signals[key] = self._signals.get(key, 0) + signals

    async def flush(self) -> None:
        """Write what was counted; while the database is away it is kept."""
        signals, self._signals = self._signals, {}
        if not signals:
            return
        counts = {
            Key(day, account, usage.CARS, vin, Price.STREAMING.value): Count(
                program="telemetry", billed=number
            )
            for (day, account, vin), number in signals.items()
        }
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._write, counts)
        except DatabaseError as error:
            _LOG.warning("Signals were not written: %s", type(error).__name__)
            for key, number in list(signals.items())[:_MOST_ROWS]:
                self._signals[key] = self._signals.get(key, 0) + number

    def close(self) -> None:
        """End the thread once it has written."""
        self._thread.shutdown()
