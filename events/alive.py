"""Signs of life of the processes that need no database: the receiver, the deliverer."""

import asyncio
import contextlib
import time
from typing import Any

import redis
from redis import asyncio as redis_async

from events.errors import Unavailable

RECEIVER = "receiver"
DELIVERER = "deliverer"
EVERY_S = 10.0
_KEY = "keyfob:alive"


async def keep_beating(redis_url: str, name: str, *, every_s: float = EVERY_S) -> None:
    """Give a sign of life now and every ten seconds, until canceled.

    While Redis is away none is given, and nothing else happens.
    """
    async with redis_async.Redis.from_url(
        redis_url, socket_connect_timeout=1, socket_timeout=1
    ) as client:
        while True:
            with contextlib.suppress(redis.RedisError, OSError):
                await client.hset(_KEY, name, str(time.time()))
            await asyncio.sleep(every_s)


def beat(client: redis.Redis, name: str) -> None:
    """Give a sign of life. Raises `Unavailable`."""
    try:
        client.hset(_KEY, name, str(time.time()))
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error


def beats(client: redis.Redis) -> dict[str, float]:
    """Return when each process was last alive, in seconds since 1970, by its name.

    Raises `Unavailable`.
    """
    try:
        found: Any = client.hgetall(_KEY)
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error
    return {name.decode(): float(at) for name, at in found.items()}
