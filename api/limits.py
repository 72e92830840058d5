"""Refuse calls above a limit: of an access token, or of Tesla's for one car.

A process counts down leases that it takes from Redis (`tokens.limits`). While Redis is
away each process counts by itself.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from redis.asyncio import Redis

from api.flights import Flights
from api.responses import Refusal
from fleet.endpoints import Price
from tokens.async_shared import Shared
from tokens.limits import PREFIX, SCRIPT, WINDOW_S, Window

_MOST_KEPT = 10_000
# A refusal is remembered so long, so that a storm of calls asks Redis once a second.
_REMEMBERED_S = 1.0
_WORDS = {
    Price.DATA: "reads",
    Price.COMMANDS: "commands",
    Price.WAKES: "wakes",
}


@dataclass(slots=True)
class _Lease:
    """The calls that may be made in one second without asking anybody."""

    slot: int = -1
    left: int = 0
    free_at_s: float = 0.0
    refused_until_s: float = 0.0
    here: Window = field(default_factory=Window)


class Limits:
    """The limits as this process sees them."""

    def __init__(
        self, shared: Shared, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._shared = shared
        self._clock = clock
        self._leases: dict[str, _Lease] = {}
        self._flights: Flights[str, None] = Flights()

    async def check_token(self, token_id: UUID) -> None:
        """Count a call of an access token. Raises the 429 `Refusal`."""
        limit: int = settings.API_CALLS_PER_MINUTE
        wait_s = await self.take(f"token:{token_id}", limit) if limit else 0.0
        if wait_s:
            raise _refusal(
                limit,
                wait_s,
                f"This access token may make {limit} calls in {WINDOW_S} s.",
            )

    async def check_car(self, tag: str, price: Price) -> None:
        """Count a call to one car at Tesla. Raises the 429 `Refusal`."""
        limit: int = settings.TESLA_CALLS_PER_MINUTE.get(price.value, 0)
        wait_s = await self.take(f"{price}:{tag}", limit) if limit and tag else 0.0
        if wait_s:
            raise _refusal(
                limit,
                wait_s,
                f"Tesla takes {limit} {_WORDS[price]} of one car in {WINDOW_S} s, from"
                " all programs together.",
            )

    async def take(self, name: str, limit: int) -> float:
        """Count one call; return 0, or how many seconds to wait for the next one."""
        lease = self._leases.get(name)
        if lease is None:
            if len(self._leases) >= _MOST_KEPT:
                self._leases.clear()
            lease = self._leases[name] = _Lease()
        while True:
            now_s = self._clock()
            slot = int(now_s)
            if lease.left and lease.slot == slot:
                lease.left -= 1
                lease.here.count(slot)
                return 0.0
            if now_s < lease.refused_until_s:
                return max(lease.free_at_s - now_s, 0.001)
            await self._flights.join(name, lambda: self._renew(name, lease, limit))

    async def _renew(self, name: str, lease: _Lease, limit: int) -> None:
        """Take a new lease, or note until when there is none."""
        now_s = self._clock()
        slot = int(now_s)
        lease.here.forget(slot)

        async def ask(client: Redis) -> Any:
            return await client.eval(
                SCRIPT,
                1,
                PREFIX + name,
                *(str(slot), str(limit), str(WINDOW_S)),
                *(str(lease.slot), str(lease.left)),
            )

        answer = await self._shared.ask(ask)
        if answer is None:
            free_at = lease.here.free_at(slot, limit)
            answer = (int(free_at == slot), free_at)
        leased, free_at = answer
        lease.slot, lease.left = slot, leased
        if not leased:
            lease.free_at_s = free_at
            lease.refused_until_s = min(free_at, now_s + _REMEMBERED_S)


def _refusal(limit: int, wait_s: float, why: str) -> Refusal:
    seconds = b"%d" % max(1, math.ceil(wait_s))
    return Refusal(
        429,
        "rate_limited",
        f"{why} Wait {int(seconds)} s.",
        (
            (b"retry-after", seconds),
            (b"ratelimit-limit", b"%d" % limit),
            (b"ratelimit-remaining", b"0"),
            (b"ratelimit-reset", seconds),
        ),
    )
