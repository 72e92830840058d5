"""What is confirmed is in the stream and among the newest; what is not is said."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis

from events import channel, latest, shapes
from events.channel import Channel
from events.errors import Unavailable
from events.event import Entry, Event, Topic

VIN = "5YJ3E1EA4PF000001"
AT_MS = 1785233730007


def entries(account: UUID, count: int = 1) -> list[Entry]:
    return [
        Entry(account, shapes.data(VIN, {"Soc": number}, AT_MS + number))
        for number in range(count)
    ]


def told(client: redis.Redis) -> list[bytes]:
    """Return the bodies of all shards."""
    found: list[bytes] = []
    for shard in range(channel.SHARDS):
        rows: Any = client.xrange(channel.key(shard))
        found += [fields[b"b"] for _, fields in rows]
    return found


def play(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


def test_published_is_stored_and_newest(url: str, client: redis.Redis) -> None:
    account = uuid4()

    async def story() -> None:
        way = Channel(url)
        await way.publish(entries(account, 3))
        await way.publish([])
        await way.close()

    play(story())
    stored: Any = client.xrange(channel.key(channel.shard_of(account)))
    assert [fields for _, fields in stored] == [
        {
            b"a": account.hex.encode(),
            b"p": VIN.encode(),
            b"t": b"data",
            b"b": entry.event.body,
        }
        for entry in entries(account, 3)
    ]
    assert latest.snapshot(client, account, VIN).signals["Soc"].value == b"2"


def test_one_turn_of_the_loop_is_one_command(url: str, client: redis.Redis) -> None:
    async def story() -> None:
        way = Channel(url)
        await way.publish(entries(uuid4()))
        before = client.info("commandstats")["cmdstat_evalsha"]["calls"]
        await asyncio.gather(*(way.publish(entries(uuid4())) for _ in range(200)))
        after = client.info("commandstats")["cmdstat_evalsha"]["calls"]
        assert after - before == 1
        await way.close()

    play(story())
    assert len(told(client)) == 201


def test_many_entries_leave_in_several_steps(url: str, client: redis.Redis) -> None:
    async def story() -> None:
        way = Channel(url)
        await asyncio.gather(*(way.publish(entries(uuid4(), 400)) for _ in range(6)))
        await way.close()

    play(story())
    assert len(told(client)) == 2400


def test_shard_keeps_about_so_many(url: str, client: redis.Redis) -> None:
    account = uuid4()

    async def story() -> None:
        way = Channel(url, kept=100)
        await way.publish(entries(account, 1000))
        await way.close()

    play(story())
    assert 100 <= client.xlen(channel.key(channel.shard_of(account))) < 300


def test_worker_publishes_too(url: str, client: redis.Redis) -> None:
    account = uuid4()
    channel.publish(client, entries(account, 2))
    channel.publish(client, [])
    assert told(client) == [entry.event.body for entry in entries(account, 2)]
    with pytest.raises(Unavailable):
        channel.publish(
            redis.Redis.from_url("unix:///nowhere/redis.sock"), entries(account)
        )


def test_reader_gets_what_came_after(url: str, client: redis.Redis) -> None:
    first, second = uuid4(), uuid4()

    async def story() -> None:
        way = Channel(url)
        assert await way.newest() == dict.fromkeys(range(channel.SHARDS), "0-0")
        await way.publish(entries(first))
        after = await way.newest()
        assert await way.read(after, block_ms=1, count=10) == []
        reading = asyncio.create_task(way.read(after, block_ms=5000, count=10))
        await asyncio.sleep(0.01)
        other = Channel(url)
        await other.publish([Entry(second, shapes.state("", "online", AT_MS))])
        (got,) = await reading
        assert got.account_id == second
        assert got.shard == channel.shard_of(second)
        assert (got.product, got.topic) == ("", Topic.STATE)
        assert got.body == shapes.state("", "online", AT_MS).body
        after[got.shard] = got.id
        assert await way.read(after, block_ms=1, count=10) == []
        await way.close()
        await other.close()

    play(story())


def test_newest_is_known_when_it_is_gone(url: str, client: redis.Redis) -> None:
    account = uuid4()
    shard = channel.shard_of(account)
    name = channel.key(shard)

    async def story() -> None:
        way = Channel(url)
        await way.publish(entries(account, 1))
        await way.publish(entries(account, 1))
        rows: Any = client.xrange(name)
        first, last = (entry_id.decode() for entry_id, _ in rows)
        assert await way.edges([shard]) == {shard: (first, last)}
        # A reader who were told that the newest is the first would read it again.
        client.xdel(name, last)
        assert await way.edges([shard]) == {shard: (first, last)}
        client.xdel(name, first)
        assert await way.edges([shard]) == {shard: (last, last)}
        await way.publish(entries(account, 1))
        (got,) = await way.read({shard: last}, block_ms=1, count=10)
        assert await way.edges([shard]) == {shard: (got.id, got.id)}
        await way.close()

    play(story())


def test_strange_entries_are_passed_over(url: str, client: redis.Redis) -> None:
    client.xadd(channel.key(0), {"x": "1"})
    client.xadd(channel.key(0), {"a": uuid4().hex, "p": "", "t": "new", "b": "{}"})

    async def story() -> None:
        way = Channel(url)
        after = dict.fromkeys(range(channel.SHARDS), "0-0")
        assert await way.read(after, block_ms=1, count=10) == []
        await way.close()

    play(story())


def test_scripts_forgotten_are_loaded_again(url: str, client: redis.Redis) -> None:
    async def story() -> None:
        way = Channel(url)
        await way.publish(entries(uuid4()))
        client.script_flush()
        await way.publish(entries(uuid4()))
        client.client_kill_filter(_type="normal", skipme=True)
        await way.publish(entries(uuid4()))
        await way.close()

    play(story())
    assert len(told(client)) == 3


def test_away_is_said_at_once_and_tried_again(client: redis.Redis) -> None:
    async def story() -> None:
        way = Channel("unix:///nowhere/redis.sock")
        begun_s = time.monotonic()
        for _ in range(100):
            with pytest.raises(Unavailable):
                await way.publish(entries(uuid4()))
        assert time.monotonic() - begun_s < 1
        with pytest.raises(Unavailable):
            await way.read({0: "0-0"}, block_ms=1, count=1)
        with pytest.raises(Unavailable):
            await way.newest()
        await way.close()

    play(story())


def test_full_redis_claims_nothing_stored(url: str, client: redis.Redis) -> None:
    account = uuid4()
    client.config_set("maxmemory", "1")
    client.config_set("maxmemory-policy", "noeviction")

    async def story() -> None:
        way = Channel(url)
        try:
            with pytest.raises(Unavailable):
                await way.publish(entries(account))
        finally:
            client.config_set("maxmemory", "0")
        assert told(client) == []
        assert latest.snapshot(client, account, VIN).signals == {}
        await way.publish(entries(account))
        await way.close()

    play(story())
    assert len(told(client)) == 1


def test_hanging_redis_holds_nobody_up(url: str, client: redis.Redis) -> None:
    async def story() -> None:
        way = Channel(url)
        await way.publish(entries(uuid4()))
        client.client_pause(3000)
        begun_s = time.monotonic()
        with pytest.raises(Unavailable):
            await way.publish(entries(uuid4()))
        first_s = time.monotonic() - begun_s
        assert first_s < 4
        for _ in range(5):
            with pytest.raises(Unavailable):
                await way.publish(entries(uuid4()))
        # Nobody waits again for what did not answer just now.
        assert time.monotonic() - begun_s < first_s + 1
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(Unavailable):
                    await way.publish(entries(uuid4()))
                    break
                await asyncio.sleep(0.05)
        await way.close()

    play(story())


def test_closed_channel_leaves_nobody_waiting(url: str, client: redis.Redis) -> None:
    async def story() -> None:
        way = Channel(url)
        client.client_pause(300)
        waiting = [
            asyncio.create_task(way.publish(entries(uuid4(), 600))) for _ in range(3)
        ]
        await asyncio.sleep(0.01)
        await way.close()
        for one in waiting:
            with pytest.raises(Unavailable):
                await one

    play(story())


def test_impatient_publisher_spoils_nothing(url: str, client: redis.Redis) -> None:
    async def story() -> None:
        way = Channel(url)
        leaving = asyncio.create_task(way.publish(entries(uuid4())))
        staying = asyncio.create_task(way.publish(entries(uuid4())))
        await asyncio.sleep(0)
        leaving.cancel()
        await staying
        await way.close()

    play(story())
    assert len(told(client)) == 2


def test_too_much_waiting_is_refused(url: str, client: redis.Redis) -> None:
    async def story() -> None:
        way = Channel(url)
        account = uuid4()
        many = [Entry(account, Event(Topic.STATE, VIN, b"{}", AT_MS))] * 50_000
        first = asyncio.create_task(way.publish(many))
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await way.publish(entries(account))
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await way.close()

    play(story())
