"""Limit the calls to one device, as the Fleet API does."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

# Calls a minute, per device and developer account.
PER_MINUTE = {"data": 60, "commands": 30, "wakes": 3}
_WINDOW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Excess:
    """Say that a limit is used up: the limit, and the seconds until the next call."""

    limit: int
    retry_after_s: int


class RateLimits:
    """Count calls in a sliding minute."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str, str], deque[datetime]] = {}

    def take(
        self, client_id: str, device: str, price: str, now: datetime
    ) -> Excess | None:
        """Count a call, or return what is in its way. Refused calls do not count."""
        limit = PER_MINUTE.get(price)
        if limit is None:
            return None
        times = self._times.setdefault((client_id, device, price), deque())
        while times and times[0] <= now - _WINDOW:
            times.popleft()
        if len(times) >= limit:
            wait = (times[0] + _WINDOW - now).total_seconds()
            return Excess(limit, max(1, ceil(wait)))
        times.append(now)
        return None

    def clear(self) -> None:
        """Forget all counts."""
        self._times.clear()
