"""Describe bad weather: answers that come late, broken or not at all."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from simulator.clock import Clock


class FaultKind(StrEnum):
    """Name the ways in which an answer can go wrong.

    The call is carried out, and only its answer spoiled, for `truncate`, `cut`, `lost`,
    `unanswered` and `repeat`; it is not carried out for the others. `lost` is "rotate,
    then time out", `unanswered` is "done, then 503" or another status. `repeat` answers
    with what the address answered last before, or not at all spoiled when that is
    nothing. `signed_fault` has the car refuse a signed message with fault `status`.
    """

    LATENCY = "latency"
    STATUS = "status"
    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    HANG = "hang"
    LOST = "lost"
    REFUSE = "refuse"
    TRUNCATE = "truncate"
    CUT = "cut"
    HTML = "html"
    REDIRECT = "redirect"
    HUGE = "huge"
    BODY = "body"
    UNANSWERED = "unanswered"
    REPEAT = "repeat"
    SIGNED_FAULT = "signed_fault"


@dataclass(slots=True)
class Fault:
    """Hold one order for bad weather.

    `path` is a shell pattern over the whole path, region included. `count` is how
    many calls are left, None for no end. `seconds` is the delay of `latency` and the
    longest silence of `hang` and `lost`. `location` is where `redirect` points.
    """

    number: int
    kind: FaultKind
    path: str = "*"
    method: str = "*"
    count: int | None = None
    until: datetime | None = None
    status: int = 0
    seconds: float = 0.0
    size: int = 20 * 1024 * 1024
    body: str = ""
    location: str = "https://redirected.example/"

    def matches(self, method: str, path: str, now: datetime) -> bool:
        """Tell whether a call falls under this order now."""
        alive = self.count != 0 and (self.until is None or now < self.until)
        return alive and self.method in ("*", method) and fnmatchcase(path, self.path)

    def as_json(self) -> dict[str, Any]:
        """Return the order as the admin API shows it."""
        return {
            "number": self.number,
            "kind": self.kind.value,
            "path": self.path,
            "method": self.method,
            "count": self.count,
            "until": self.until and self.until.isoformat(),
            "status": self.status,
            "seconds": self.seconds,
        }


class Faults:
    """Hold the orders in force, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = 0
        self._released = asyncio.Event()
        self.orders: list[Fault] = []
        self.last_answers: dict[str, tuple[int, bytes]] = {}

    def add(
        self,
        kind: str,
        path: str = "*",
        *,
        duration_s: float | None = None,
        **facts: Any,
    ) -> Fault:
        """Order bad weather; `facts` are fields of Fault. Raises ValueError, TypeError."""
        self._numbers += 1
        until = None
        if duration_s is not None:
            until = self._clock.now() + timedelta(seconds=duration_s)
        fault = Fault(self._numbers, FaultKind(kind), path, until=until, **facts)
        self.orders.append(fault)
        return fault

    def take(self, method: str, path: str) -> list[Fault]:
        """Return the orders a call falls under, using up one count of each."""
        now = self._clock.now()
        matching = [one for one in self.orders if one.matches(method, path, now)]
        for fault in matching:
            if fault.count is not None:
                fault.count -= 1
        return matching

    def remove(self, number: int) -> bool:
        """End one order; False when it is unknown."""
        left = [one for one in self.orders if one.number != number]
        found = len(left) < len(self.orders)
        self.orders = left
        return found

    def clear(self) -> None:
        """End all orders. Calls that hang are dropped when `release` follows."""
        self.orders = []

    def release(self) -> None:
        """Drop the calls that hang now. To be called in the server's own loop."""
        self._released.set()
        self._released = asyncio.Event()

    async def silence(self, seconds: float) -> None:
        """Wait until released, or that many seconds (0 means an hour)."""
        try:
            await asyncio.wait_for(self._released.wait(), seconds or 3600)
        except TimeoutError:
            return
