"""What is read from the streams is not lost on the way, whatever breaks."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import redis
from django.conf import settings
from django.db import OperationalError

from accounts.models import User
from events import channel, forgetting, shapes
from events.store import SHARDS, Stored, key, shard_of
from tests.webhooks.making import make_endpoint
from tests.webhooks.receiver import Receiver
from tests.webhooks.running import VIN, entry, run, world
from webhooks.delivering.intake import Intake
from webhooks.models import Delivery, Message

pytestmark = pytest.mark.django_db(transaction=True)
ALERT = shapes.alerts(VIN, [{"name": "A"}], 1_700_000_000_000)
PIECE = shapes.data(VIN, {"Soc": 80.5}, 1_700_000_000_000)


class Line:
    """Stand between a deliverer and Redis, and cut the line under one reply."""

    def __init__(
        self, path: Path, marks: bytes, then: Callable[[], object] = lambda: None
    ) -> None:
        self._there = urlsplit(settings.REDIS_URL)
        # Each test process has a database of its own.
        self.url = f"unix://{path}?{self._there.query}"
        self.cuts = 0
        self._path, self._marks, self._then = path, marks, then
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_unix_server(self._serve, str(self._path))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.sleep(0.01)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, to_store = await asyncio.open_unix_connection(self._there.path)
        self._open |= {writer, to_store}
        await asyncio.gather(
            self._pass_on(reader, to_store), self._pass_on(there, writer, self._marks)
        )
        self._open -= {writer, to_store}

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        marks: bytes = b"",
    ) -> None:
        with suppress(OSError):
            while some := await reader.read(65536):
                if marks and marks in some and not self.cuts:
                    self.cuts += 1
                    self._then()
                    break
                writer.write(some)
                await writer.drain()
        writer.transport.abort()


def _pending(store: "redis.Redis", user: User) -> int:
    found: Any = store.xpending(key(shard_of(user.pk)), "webhooks")
    return int(found["pending"])


def test_nothing_is_read_before_it_is_known_who_wants_it(
    committed_alice: User, store: "redis.Redis"
) -> None:
    make_endpoint(committed_alice)
    channel.publish(store, [entry(committed_alice, ALERT)])
    away = [True] * 3

    def may_deliver(_: UUID) -> bool:
        if away:
            away.pop()
            raise OperationalError("The database is away")
        return True

    async def main() -> None:
        async with world(may_deliver=may_deliver) as one:
            await one.until_rows(Message.objects.exists)

    run(main())
    assert Delivery.objects.count() == 1


def test_deliverer_without_any_database_stops(
    committed_alice: User, store: "redis.Redis"
) -> None:
    make_endpoint(committed_alice)
    channel.publish(store, [entry(committed_alice, ALERT)])
    asked: list[UUID] = []

    def may_deliver(user_id: UUID) -> bool:
        asked.append(user_id)
        raise OperationalError("The database is away")

    async def main() -> None:
        async with world(may_deliver=may_deliver) as one:
            await one.until(lambda: len(asked) > 1)

    run(main())
    assert store.xinfo_groups(key(shard_of(committed_alice.pk))) == []


@pytest.mark.parametrize("news", [ALERT, shapes.data(VIN, {"Soc": 1}, 1)])
def test_entries_of_a_lost_reply_are_found_again(
    committed_alice: User, store: "redis.Redis", tmp_path: Path, news: Any
) -> None:
    receiver = Receiver()
    line = Line(tmp_path / "l", b"createdAt")

    async def main() -> None:
        async with line, world(receiver, redis_url=line.url) as one:
            await one.add(committed_alice)
            await one.database(channel.publish, store, [entry(committed_alice, news)])
            await one.until(lambda: len(receiver.requests) == 1)
            await one.until(lambda: _pending(store, committed_alice) == 0)

    run(main())
    assert line.cuts == 1
    assert len(receiver.requests) == 1


def _run(intake: Intake) -> list["asyncio.Future[None]"]:
    parts = (intake.run, intake.look_after, intake.stay_alive)
    return [asyncio.ensure_future(work()) for work in parts]


async def _end(intake: Intake, running: list["asyncio.Future[None]"]) -> None:
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await intake.close()


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110  # what changes is elsewhere
            await asyncio.sleep(0.01)


def test_what_is_held_is_not_handed_on_again(
    committed_alice: User, store: "redis.Redis", tmp_path: Path
) -> None:
    line = Line(tmp_path / "l", b"Cut")
    got: list[Stored] = []

    async def hand(entries: Any) -> None:
        got.extend(entries)

    async def main() -> None:
        async with line:
            intake = Intake(line.url, hand, alive_s=1)
            running = _run(intake)
            for number, name in enumerate(("A", "Cut", "B")):
                piece = shapes.data(VIN, {"VehicleName": name}, number)
                channel.publish(store, [entry(committed_alice, piece)])
                await _until(lambda number=number: len(got) > number)  # type: ignore[misc]
            assert _pending(store, committed_alice) == 3
            # Whoever looks after the dead has looked through its own by then.
            await asyncio.sleep(0.5)
            await intake.confirm(shard_of(committed_alice.pk), [one.id for one in got])
            await _end(intake, running)

    run(main())
    assert line.cuts == 1
    assert len({one.id for one in got}) == len(got) == 3
    assert _pending(store, committed_alice) == 0


def test_entries_cut_from_the_stream_are_let_go(
    committed_alice: User, store: "redis.Redis", tmp_path: Path
) -> None:
    name = key(shard_of(committed_alice.pk))
    cut = partial(store.xtrim, name, 0, approximate=False)
    line = Line(tmp_path / "l", b"createdAt", cut)
    got: list[Stored] = []

    async def hand(entries: Any) -> None:
        got.extend(entries)

    async def main() -> None:
        async with line:
            intake = Intake(line.url, hand, alive_s=1)
            running = _run(intake)
            channel.publish(store, [entry(committed_alice, PIECE)])
            await _until(lambda: line.cuts == 1)
            await _until(lambda: _pending(store, committed_alice) == 0)
            await _end(intake, running)

    run(main())
    assert got == []


def test_events_wait_days_for_a_deliverer(
    committed_alice: User, store: "redis.Redis"
) -> None:
    make_endpoint(committed_alice)
    shard, body = shard_of(committed_alice.pk), ALERT.body
    written: Any = {"a": committed_alice.pk.hex, "p": VIN, "t": "alerts", "b": body}
    now_ms = int(time.time() * 1000)
    for days in (9, 6):
        at = f"{now_ms - days * 24 * 3600 * 1000}-0"
        for number in (shard, SHARDS + shard):
            store.xadd(key(number), written, id=at)
    # A deliverer had read both and stopped before they were rows.
    store.xgroup_create(key(SHARDS + shard), "webhooks", "0")
    store.xreadgroup("webhooks", "dstopped", {key(SHARDS + shard): ">"})
    forgetting.forget_old(store)
    assert (store.xlen(key(shard)), store.xlen(key(SHARDS + shard))) == (0, 1)

    async def main() -> None:
        async with world() as one:
            await one.until_rows(Message.objects.exists)
            await one.until(lambda: _waiting(store, SHARDS + shard) == 0)

    run(main())
    assert Message.objects.count() == 1


def _waiting(store: "redis.Redis", number: int) -> int:
    found: Any = store.xpending(key(number), "webhooks")
    return int(found["pending"])


def test_reader_with_young_entries_is_kept_until_they_are_claimed(
    committed_alice: User, store: "redis.Redis"
) -> None:
    name = key(shard_of(committed_alice.pk))
    got: list[Stored] = []

    async def hand(entries: Any) -> None:
        got.extend(entries)

    def readers() -> set[bytes]:
        found: Any = store.xinfo_consumers(name, "webhooks")
        return {one["name"] for one in found}

    async def main() -> None:
        heir = Intake(settings.REDIS_URL, hand, alive_s=1)
        store.xgroup_create(name, "webhooks", "0", mkstream=True)
        channel.publish(store, [entry(committed_alice, PIECE)])
        store.xreadgroup("webhooks", "dstopped", {name: ">"})
        running = _run(heir)
        await asyncio.sleep(0.2)
        assert (b"dstopped" in readers(), got) == (True, [])
        await _until(lambda: b"dstopped" not in readers())
        await _end(heir, running)

    run(main())
    assert [one.body for one in got] == [PIECE.body]


def test_deliverer_that_waits_for_its_hands_is_alive(
    committed_alice: User, store: "redis.Redis"
) -> None:
    taken: list[Stored] = []

    async def hand(entries: Any) -> None:
        taken.extend(entries)
        if entries:
            await asyncio.Event().wait()

    async def main() -> None:
        intake = Intake(settings.REDIS_URL, hand, alive_s=1)
        running = _run(intake)
        channel.publish(store, [entry(committed_alice, PIECE)])
        await _until(lambda: len(taken) == 1)
        await asyncio.sleep(1.3)
        assert store.exists(f"keyfob:webhooks:alive:{intake.name}") == 1
        await _end(intake, running)

    run(main())
