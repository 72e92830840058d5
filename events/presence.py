"""Who listens now, so that what is asked of Tesla for listeners is asked for a reason."""

import time
from typing import Any
from uuid import UUID

import redis
from redis import asyncio as redis_async

from events.errors import Unavailable

NOTED_S = 90
_KEY = "keyfob:listening"


def note(client: redis.Redis, account_id: UUID) -> None:
    """Note that an account has a listener, for 90 s. Raises `Unavailable`."""
    try:
        client.zadd(_KEY, {account_id.hex: time.time() + NOTED_S})
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error


async def note_async(client: redis_async.Redis, accounts: set[UUID]) -> None:
    """Note that accounts have listeners, for 90 s. Raises `Unavailable`."""
    until_s = time.time() + NOTED_S
    try:
        await client.zadd(_KEY, {account.hex: until_s for account in accounts})
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error


def listening(client: redis.Redis) -> set[UUID]:
    """Return the accounts that have listeners. Raises `Unavailable`."""
    now_s = time.time()
    try:
        client.zremrangebyscore(_KEY, "-inf", now_s)
        found: Any = client.zrangebyscore(_KEY, now_s, "+inf")
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error
    return {UUID(one.decode() if isinstance(one, bytes) else one) for one in found}
