"""Ask Redis from an event loop, and never wait for one that is away."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from django.conf import settings
from redis import RedisError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tokens import shared

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class Shared:
    """One event loop's connections to Redis, which any call must do without."""

    def __init__(self) -> None:
        self._client: Redis | None = None
        self._away_until_s = 0.0

    async def ask(self, question: Callable[[Redis], Awaitable[_T]]) -> _T | None:
        """Return what Redis answers, None while it is away; then it is left alone.

        A Redis that hangs holds a call up for a moment, and no other within two
        seconds.
        """
        if time.monotonic() < self._away_until_s:
            return None
        if self._client is None:
            self._client = Redis.from_url(
                settings.REDIS_URL, **shared.options(), retry=Retry(NoBackoff(), 0)
            )
        try:
            async with asyncio.timeout(2 * shared.WITHIN_S):
                return await question(self._client)
        except (RedisError, OSError) as error:
            if time.monotonic() >= self._away_until_s:
                _log.warning("Redis is away: %s", type(error).__name__)
            self._away_until_s = time.monotonic() + shared.AWAY_S
            return None

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
