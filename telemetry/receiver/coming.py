"""Tell that cars come and go, and again where Redis did not hear of it.

A car resends its records until they are acknowledged; nobody resends that it left.
"""

import asyncio
from collections.abc import Sequence

from events.event import Entry
from telemetry.receiver.dispatch import Dispatch

_AGAIN_S = 1.0
_ABOUT_BYTES = 500


class Coming:
    """One process's news of cars that come and go."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._newest: dict[str, _News] = {}

    def tell(self, vin: str, entries: Sequence[Entry]) -> None:
        """Bring to Redis that a car came or left; it takes the place of older news."""
        news = self._newest[vin] = _News(self, vin, list(entries))
        self.put(news)

    def put(self, news: "_News") -> None:
        """Bring news to Redis, unless there is newer of the car."""
        if self._newest.get(news.vin) is news:
            self._dispatch.put(news.entries, news, b"", _ABOUT_BYTES)

    def done(self, news: "_News") -> None:
        """Forget news that Redis has."""
        if self._newest.get(news.vin) is news:
            del self._newest[news.vin]


class _News:
    """That one car came or left: a sender, as `dispatch.Sender` has it."""

    def __init__(self, coming: Coming, vin: str, entries: list[Entry]) -> None:
        self._coming = coming
        self.vin = vin
        self.entries = entries

    def safe(self, _token: bytes, /) -> bool:
        """Hear that Redis has it; there is nobody to answer."""
        self._coming.done(self)
        return False

    def flush(self) -> None:
        """Answer nobody."""

    def lost(self) -> None:
        """Try again in a moment."""
        asyncio.get_running_loop().call_later(_AGAIN_S, self._coming.put, self)
