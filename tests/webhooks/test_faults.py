"""The deliverer is killed, and Redis is taken away: nothing is lost.

What is sent twice carries the same name. Where a lease or a sign of life would have to
run out, the test lets the time pass by itself.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from events import channel, shapes
from events.event import Event
from tests.fixtures.live import database_url
from tests.servers import redis_server
from tests.webhooks.receiver import Receiver
from tests.webhooks.running import VIN, World, entry, run, world
from webhooks.delivering.database import Database
from webhooks.models import Delivery, Endpoint, Message
from webhooks.services import endpoints

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
ENDPOINTS = 4
EVENTS = 30


@contextmanager
def _process() -> Iterator["subprocess.Popen[bytes]"]:
    """Run `manage.py deliver_webhooks`, and see to its end."""
    env = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "WEBHOOKS_PRIVATE_NETWORKS": "127.0.0.0/8",
    }
    command = [sys.executable, "manage.py", "deliver_webhooks"]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


def _let_time_pass(store: "redis.Redis") -> None:
    """Let leases and signs of life of the dead run out."""
    Delivery.objects.filter(state="pending").update(lease_until=timezone.now())
    for key in store.scan_iter("keyfob:webhooks:alive:*"):
        store.delete(key)


def _events() -> list[Event]:
    found = []
    for number in range(EVENTS):
        at_ms = 1_700_000_000_000 + number
        found.append(shapes.state(VIN, "online", at_ms))
        found.append(shapes.data(VIN, {"Odometer": number}, at_ms))
    return found


def _heard(receiver: Receiver, path: str, part: str) -> set[str]:
    """Return when what came at a path was born, of one kind."""
    told = [one.json for one in receiver.requests if one.path == path]
    return {one["createdAt"] for one in told if part in one}


def test_killed_deliverer_loses_nothing_and_repeats_under_the_same_name(
    committed_alice: User, store: "redis.Redis"
) -> None:
    receiver = Receiver()
    born = {shapes.timestamp(1_700_000_000_000 + n) for n in range(EVENTS)}

    def is_all() -> bool:
        return all(
            _heard(receiver, f"/{n}", part) == born
            for n in range(ENDPOINTS)
            for part in ("state", "data")
        )

    async def main() -> None:
        async with receiver:
            one = World(receiver, None, Database())  # type: ignore[arg-type]  # it runs elsewhere
            for number in range(ENDPOINTS):
                await one.database(
                    endpoints.add,
                    committed_alice,
                    receiver.url(f"/{number}"),
                    max_rate=50,
                )
            for event in _events():
                channel.publish(store, [entry(committed_alice, event)])
            with _process() as process:
                await one.until(lambda: len(receiver.requests) > 40, 30)
                process.send_signal(signal.SIGKILL)
                process.wait()
            await one.database(_let_time_pass, store)
            # Who claims from the dead takes what has lain for a moment.
            with _process() as process:
                await one.until(is_all, 40)
                await one.until_rows(
                    lambda: not Delivery.objects.filter(state="pending").exists()
                )
                process.send_signal(signal.SIGTERM)
                assert process.wait(20) == 0
            await one.database.close()

    run(main())
    assert Message.objects.count() == EVENTS
    assert Delivery.objects.filter(state="ok").count() == EVENTS * ENDPOINTS
    for number in range(ENDPOINTS):
        here = [one for one in receiver.requests if one.path == f"/{number}"]
        names = {(one.json["createdAt"], "data" in one.json): one.name for one in here}
        for one in here:
            key = (one.json["createdAt"], "data" in one.json)
            assert one.name == names[key]
        twice = len(here) - len(names)
        assert twice <= 2 * EVENTS - 1
    assert Endpoint.objects.filter(last_success_at=None).count() == 0


class _Redis:
    """A Redis of the test's own, with an append-only file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/r.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "redis.Redis":
        """Start it, or start it again with what it kept."""
        self.process = subprocess.Popen(
            [
                *(
                    redis_server(),
                    "--port",
                    "0",
                    "--unixsocket",
                    f"{self.folder}/r.sock",
                ),
                *("--dir", str(self.folder), "--appendonly", "yes", "--save", ""),
                *("--appendfsync", "always"),
            ],
            stdout=subprocess.DEVNULL,
        )
        client = redis.Redis.from_url(self.url)
        for _ in range(500):
            try:
                client.ping()
            except redis.RedisError:
                time.sleep(0.01)
            else:
                break
        return client

    def kill(self) -> None:
        """Kill it in the middle of whatever it does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Redis]:
    """Return a Redis that may be killed."""
    own = _Redis(tmp_path_factory.mktemp("r"))
    yield own
    own.kill()


def test_redis_killed_and_back_loses_nothing_and_rows_go_on_without(
    committed_alice: User, own_redis: _Redis
) -> None:
    receiver = Receiver()
    client = own_redis.start()

    def publish(first: int) -> None:
        for number in range(first, first + 10):
            at_ms = 1_700_000_000_000 + number
            events: list[Any] = [
                shapes.state(VIN, "online", at_ms),
                shapes.data(VIN, {"Odometer": number}, at_ms),
            ]
            channel.publish(client, [entry(committed_alice, one) for one in events])

    async def main() -> None:
        async with world(receiver, redis_url=own_redis.url) as one:
            made, _ = await one.add(committed_alice, max_rate=50)
            publish(0)
            own_redis.kill()
            await one.database(endpoints.test, made, "alerts")
            await one.until(
                lambda: any("alerts" in told.json for told in receiver.requests)
            )
            own_redis.start()
            publish(10)
            await one.until(
                lambda: all(
                    len(_heard(receiver, "/hook", part)) == 20
                    for part in ("state", "data")
                )
            )

    run(main())
    client.close()
    names: dict[tuple[str, bool], set[str]] = {}
    for told in receiver.requests:
        key = (told.json["createdAt"], "data" in told.json)
        names.setdefault(key, set()).add(told.name)
    assert {len(found) for found in names.values()} == {1}
