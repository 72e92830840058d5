"""Signs of life of processes that write none into the database, such as the receiver."""

import time
from typing import Any

import redis
from redis import asyncio as redis_async

from events.errors import Unavailable

RECEIVER = "receiver"
_KEY = "keyfob:alive"


async def beat_async(client: redis_async.Redis, name: str) -> None:
    """Give a sign of life. Raises `redis.RedisError`."""
    beaten: Any = client.hset(_KEY, name, str(time.time()))
    await beaten


def beats(client: redis.Redis) -> dict[str, float]:
    """Return when each process was last alive, in seconds since 1970, by its name.

    Raises `Unavailable`.
    """
    try:
        found: Any = client.hgetall(_KEY)
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error
    return {name.decode(): float(at) for name, at in found.items()}
