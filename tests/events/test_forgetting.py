"""What is too old and what somebody lost leaves the streams; all else stays."""

import time
from typing import Any
from uuid import UUID

import pytest
import redis

from events import channel, forgetting, latest, shapes
from events.errors import Unavailable
from events.event import Entry
from events.store import SHARDS, key

VIN, OTHER_VIN = "5YJ3E1EA4PF000001", "5YJ3E1EA4PF000002"
ALICE = UUID(int=3)
BOB = UUID(int=3 + SHARDS)
HOUR_S = 3600
DAY_S = 24 * HOUR_S


def told(
    client: redis.Redis, account: UUID, *, lasting: bool = False
) -> list[tuple[str, str]]:
    """Return product and topic of what a stream holds for an account."""
    rows: Any = client.xrange(key(3 + SHARDS * lasting))
    return [
        (fields[b"p"].decode(), fields[b"t"].decode())
        for _, fields in rows
        if fields[b"a"].decode() == account.hex
    ]


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


def test_account_s_entries_go_and_others_stay(client: redis.Redis) -> None:
    both = [
        Entry(account, event)
        for account in (ALICE, BOB)
        for event in (
            shapes.data(VIN, {"Soc": 80.5}, 1),
            shapes.state(VIN, "online", 1),
            shapes.credits("command", 2, "flash_lights", 5, 0.1, 1),
        )
    ]
    many = [Entry(ALICE, shapes.data(VIN, {"Soc": n}, n)) for n in range(1100)]
    channel.publish(client, [*both[:3], *many, *both[3:]])
    before = told(client, BOB), told(client, BOB, lasting=True)
    assert (len(told(client, ALICE)), len(before[0])) == (1103, 3)
    forgetting.forget(client, ALICE, lambda _: True)
    assert told(client, ALICE) == told(client, ALICE, lasting=True) == []
    assert (told(client, BOB), told(client, BOB, lasting=True)) == before
    assert len(before[1]) == 2
    forgetting.forget(client, ALICE, lambda _: True)


def test_only_lost_products_go(client: redis.Redis) -> None:
    events = [shapes.state(vin, "online", 1) for vin in (VIN, OTHER_VIN)]
    channel.publish(client, [Entry(ALICE, event) for event in events])
    forgetting.forget(client, ALICE, lambda product: product == VIN)
    assert told(client, ALICE) == [(OTHER_VIN, "state")]
    assert told(client, ALICE, lasting=True) == [(OTHER_VIN, "state")]
    assert latest.products(client, ALICE) == [VIN, OTHER_VIN]


def test_strange_entries_are_passed_over(client: redis.Redis) -> None:
    client.xadd(key(3), {"x": "1"})
    forgetting.forget(client, ALICE, lambda _: True)
    assert client.xlen(key(3)) == 1


def test_redis_that_is_away_is_said() -> None:
    away = redis.Redis.from_url("unix:///nowhere/redis.sock")
    with pytest.raises(Unavailable):
        forgetting.forget(away, ALICE, lambda _: True)
    with pytest.raises(Unavailable):
        forgetting.forget_old(away)
