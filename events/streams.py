"""How many streams each account has open, as each web process tells the others."""

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import redis
from redis import asyncio as redis_async

from events.errors import Unavailable

TOLD_S = 3
_PROCESSES = "keyfob:streams"


async def tell(
    client: redis_async.Redis, process: str, counts: Mapping[UUID, int]
) -> Counter[UUID]:
    """Tell what a process has open, for 3 s; return what all others have.

    Raises `Unavailable`.
    """
    now_s = time.time()
    key = _key(process)
    try:
        async with client.pipeline(transaction=True) as pipeline:
            pipeline.zadd(_PROCESSES, {process: now_s + TOLD_S})
            pipeline.zremrangebyscore(_PROCESSES, "-inf", now_s)
            pipeline.delete(key)
            if counts:
                pipeline.hset(key, mapping={one.hex: n for one, n in counts.items()})
                pipeline.expire(key, TOLD_S)
            pipeline.zrange(_PROCESSES, 0, -1)
            names: list[bytes] = (await pipeline.execute())[-1]
        return await _of(client, {name.decode() for name in names} - {process})
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error


async def leave(client: redis_async.Redis, process: str) -> None:
    """Tell that a process has nothing open any more. Raises `Unavailable`."""
    try:
        await client.zrem(_PROCESSES, process)
        await client.delete(_key(process))
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error


async def _of(client: redis_async.Redis, processes: set[str]) -> Counter[UUID]:
    found: Counter[UUID] = Counter()
    async with client.pipeline(transaction=False) as pipeline:
        for process in processes:
            pipeline.hgetall(_key(process))
        told: list[dict[bytes, Any]] = await pipeline.execute()
    for counts in told:
        for account, count in counts.items():
            found[UUID(account.decode())] += int(count)
    return found


def _key(process: str) -> str:
    return f"{_PROCESSES}:{process}"
