"""How much is sent at once: in all, to slow endpoints, to one host, to one endpoint."""

import asyncio
import math
from collections import Counter, deque
from time import monotonic

MOST = 512
MOST_SLOW = 256
MOST_PER_HOST = 20
SLOW_S = 1.0


class Gate:
    """Let requests through up to the caps; who waits does so in order.

    Slow endpoints share a part of the whole, so that they never take all of it.
    """

    def __init__(
        self,
        *,
        most: int = MOST,
        most_slow: int = MOST_SLOW,
        most_per_host: int = MOST_PER_HOST,
    ) -> None:
        self._most, self._most_slow = most, most_slow
        self._most_per_host = most_per_host
        self._inside = self._slow = 0
        self._hosts: Counter[str] = Counter()
        self._waiting: deque[tuple[asyncio.Future[None], str, bool]] = deque()

    async def enter(self, host: str, *, is_slow: bool) -> None:
        """Wait for a place and take it; give it back by `leave`."""
        if self.pass_by(host, is_slow=is_slow):
            return
        place = asyncio.get_running_loop().create_future()
        waiting = (place, host, is_slow)
        self._waiting.append(waiting)
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                self._waiting.remove(waiting)
            else:
                self.leave(host, is_slow=is_slow)
            raise

    def pass_by(self, host: str, *, is_slow: bool) -> bool:
        """Take a place if there is one; tell whether there was."""
        if fits := self._fits(host, is_slow=is_slow):
            self._take(host, is_slow=is_slow)
        return fits

    def leave(self, host: str, *, is_slow: bool) -> None:
        """Give a place back, to the first who waits and fits."""
        self._inside -= 1
        self._slow -= is_slow
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]
        for number, (place, its_host, its_slow) in enumerate(self._waiting):
            # One that was cancelled removes itself as soon as its task runs.
            if not place.done() and self._fits(its_host, is_slow=its_slow):
                del self._waiting[number]
                self._take(its_host, is_slow=its_slow)
                place.set_result(None)
                return

    def _fits(self, host: str, *, is_slow: bool) -> bool:
        return (
            self._inside < self._most
            and not (is_slow and self._slow >= self._most_slow)
            and self._hosts[host] < self._most_per_host
        )

    def _take(self, host: str, *, is_slow: bool) -> None:
        self._inside += 1
        self._slow += is_slow
        self._hosts[host] += 1


class Pace:
    """Hold one endpoint to its rate, and know whether it is slow."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._tokens, self._at = rate, 0.0
        self._mean_s = 0.0
        # When each request under way began, the oldest first.
        self._begun: dict[float, None] = {}

    @property
    def is_slow(self) -> bool:
        """Tell whether it answers, or lets us wait, for more than a second."""
        if self._mean_s > SLOW_S:
            return True
        if not self._begun:
            return False
        return monotonic() - next(iter(self._begun)) > SLOW_S

    async def turn(self) -> None:
        """Wait until one more request may be made."""
        while not self.take():  # noqa: ASYNC110  # time alone brings it
            await asyncio.sleep((1 - self._tokens) / self.rate)

    def take(self) -> bool:
        """Take the right to one more request; tell whether there was one."""
        now = monotonic()
        if self._at:
            grown = self._tokens + (now - self._at) * self.rate
            self._tokens = min(self.rate, grown)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    @property
    def is_held(self) -> bool:
        """Tell whether the rate alone keeps it from being sent more."""
        return self._tokens < 1

    def begin(self) -> float:
        """Note that a request begins; hand what comes back to `end`."""
        now = monotonic()
        while now in self._begun:
            # The least more: of a machine that runs for months nanoseconds are none.
            now = math.nextafter(now, math.inf)
        self._begun[now] = None
        return now

    def end(self, began: float) -> None:
        """Note that a request ended."""
        self._begun.pop(began, None)
        took = monotonic() - began
        self._mean_s += (took - self._mean_s) * 0.5


class Paces:
    """Hold the pace of every endpoint, for events and data together."""

    def __init__(self) -> None:
        self._paces: dict[object, Pace] = {}

    def of(self, endpoint_id: object, rate: int) -> Pace:
        """Return an endpoint's pace, which follows its rate."""
        pace = self._paces.get(endpoint_id)
        if pace is None:
            pace = self._paces[endpoint_id] = Pace(rate)
        pace.rate = rate
        return pace
