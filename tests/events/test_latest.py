"""The newest wins, by when it was born; a cursor finds what came since."""

import asyncio
from uuid import uuid4

import orjson
import pytest
import redis
from redis import asyncio as redis_async

from events import channel, latest, presence, shapes
from events.errors import Unavailable
from events.event import Entry, Topic

VIN = "5YJ3E1EA4PF000001"
AT_MS = 1785233730007
NOBODY = redis.Redis.from_url("unix:///nowhere/redis.sock")


def test_older_values_never_overwrite_newer(client: redis.Redis) -> None:
    account = uuid4()
    for values, at_ms in (
        ({"Soc": 80, "Gear": "P"}, AT_MS),
        ({"Soc": 70, "Odometer": 5.5}, AT_MS - 500),
        ({"Gear": None}, AT_MS),
    ):
        event = shapes.data(VIN, values, at_ms)
        channel.publish(client, [Entry(account, event)])
    channel.publish(client, [Entry(account, shapes.state(VIN, "online", AT_MS))])
    channel.publish(client, [Entry(account, shapes.state(VIN, "asleep", AT_MS - 1))])
    known = latest.snapshot(client, account, VIN)
    assert {name: (one.at_ms, one.value) for name, one in known.signals.items()} == {
        "Soc": (AT_MS, b"80"),
        "Gear": (AT_MS, b"null"),
        "Odometer": (AT_MS - 500, b"5.5"),
    }
    assert known.others == {Topic.STATE: shapes.state(VIN, "online", AT_MS)}
    whole = known.data()
    assert whole is not None
    assert whole.at_ms == AT_MS
    assert orjson.loads(whole.body)["data"] == {
        "Soc": 80,
        "Gear": None,
        "Odometer": 5.5,
    }


def test_cursor_finds_what_came_since(client: redis.Redis) -> None:
    account = uuid4()
    cursors = []
    for number in range(50):
        event = shapes.data(VIN, {f"S{number}": number}, AT_MS - number)
        channel.publish(client, [Entry(account, event)])
        cursors.append(latest.snapshot(client, account, VIN).cursor)
    assert cursors == sorted(set(cursors))
    known = latest.snapshot(client, account, VIN)
    since = {name for name, one in known.signals.items() if one.came > cursors[47]}
    assert since == {"S48", "S49"}


def test_what_is_unknown_is_empty(client: redis.Redis) -> None:
    known = latest.snapshot(client, uuid4(), VIN)
    assert (known.cursor, known.signals, known.others) == (0, {}, {})
    assert known.data() is None


def test_accounts_and_products_are_apart_and_forgotten(client: redis.Redis) -> None:
    account, other = uuid4(), uuid4()
    for who in (account, other):
        channel.publish(client, [Entry(who, shapes.state(VIN, "online", AT_MS))])
    latest.forget(client, account, [VIN])
    latest.forget(client, account, [])
    assert latest.snapshot(client, account, VIN).others == {}
    assert latest.snapshot(client, other, "").others == {}
    assert set(latest.snapshot(client, other, VIN).others) == {Topic.STATE}
    assert client.ttl(f"keyfob:latest:{other.hex}:{VIN}") > 29 * 24 * 3600


def test_strange_fields_are_passed_over(client: redis.Redis) -> None:
    account = uuid4()
    client.hset(f"keyfob:latest:{account.hex}:{VIN}", "t:new", "0" * 26 + "{}")
    assert latest.snapshot(client, account, VIN).others == {}


def test_away_is_said(client: redis.Redis) -> None:
    with pytest.raises(Unavailable):
        latest.snapshot(NOBODY, uuid4(), VIN)
    with pytest.raises(Unavailable):
        latest.forget(NOBODY, uuid4(), [VIN])
    with pytest.raises(Unavailable):
        presence.note(NOBODY, uuid4())
    with pytest.raises(Unavailable):
        presence.listening(NOBODY)


def test_loop_asks_alike(client: redis.Redis, url: str) -> None:
    account = uuid4()
    channel.publish(client, [Entry(account, shapes.state(VIN, "online", AT_MS))])

    async def story() -> None:
        async with redis_async.Redis.from_url(url) as asking:
            known = await latest.snapshot_async(asking, account, VIN)
            assert known == latest.snapshot(client, account, VIN)
            await presence.note_async(asking, {account})
        async with redis_async.Redis.from_url("unix:///nowhere/x.sock") as nobody:
            with pytest.raises(Unavailable):
                await latest.snapshot_async(nobody, account, VIN)
            with pytest.raises(Unavailable):
                await presence.note_async(nobody, {account})

    asyncio.run(story())
    assert presence.listening(client) == {account}


def test_presence_ends(client: redis.Redis) -> None:
    here, gone = uuid4(), uuid4()
    presence.note(client, here)
    client.zadd("keyfob:listening", {gone.hex: 1000.0})
    assert presence.listening(client) == {here}
    assert client.zcard("keyfob:listening") == 1
