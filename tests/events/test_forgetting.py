"""What is too old leaves the streams; all else stays."""

import time
from typing import Any
from uuid import UUID

import pytest
import redis

from events import forgetting
from events.errors import Unavailable
from events.store import SHARDS, key

VIN = "5YJ3E1EA4PF000001"
ALICE = UUID(int=3)
HOUR_S = 3600
DAY_S = 24 * HOUR_S


def put(client: redis.Redis, name: str, age_s: int) -> None:
    """Write an entry as if it were so old."""
    entry: Any = {"a": ALICE.hex, "p": VIN, "t": "state", "b": f"{age_s}"}
    client.xadd(name, entry, id=f"{(int(time.time()) - age_s) * 1000}-0")


def ages(client: redis.Redis, name: str) -> list[int]:
    rows: Any = client.xrange(name)
    return [int(fields[b"b"]) for _, fields in rows]


def test_old_entries_go_and_newer_stay(client: redis.Redis) -> None:
    events, lasting = key(5), key(5 + SHARDS)
    for age_s in (30 * DAY_S, 8 * DAY_S, 6 * DAY_S, DAY_S + 60, 23 * HOUR_S, 0):
        put(client, events, age_s)
        put(client, lasting, age_s)
    forgetting.forget_old(client)
    assert ages(client, events) == [23 * HOUR_S, 0]
    assert ages(client, lasting) == [6 * DAY_S, DAY_S + 60, 23 * HOUR_S, 0]
    forgetting.forget_old(client)
    assert len(ages(client, lasting)) == 4


def test_redis_that_is_away_is_said() -> None:
    away = redis.Redis.from_url("unix:///nowhere/redis.sock")
    with pytest.raises(Unavailable):
        forgetting.forget_old(away)
