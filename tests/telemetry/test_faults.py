"""The receiver under bad weather: killed under load, and a Redis that dies."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import redis
import uvloop
from django.conf import settings

from events import store
from events.channel import Channel
from telemetry import certificates
from tests.factories import make_bare_grant, make_user, make_vehicle
from tests.faults.processes import OwnRedis
from tests.fixtures.live import database_url
from tests.fleet.records.frames import value
from tests.ports import free_port
from tests.telemetry.cars import (
    VIN,
    Connection,
    TestTesla,
    car_context,
    receiving,
    until,
)

pytestmark = pytest.mark.fault
TESLA = TestTesla()
_WITHIN_S = 30


def _stored(client: redis.Redis) -> set[int]:
    """Return the numbers of all records that are in the streams."""
    found = set()
    for shard in range(store.SHARDS):
        rows: Any = client.xrange(store.key(shard))
        for _, entry in rows:
            if entry[b"t"] == b"data":
                found.add(json.loads(entry[b"b"])["data"]["Soc"])
    return found


async def _send_until_cut(car: Connection, first: int, acknowledged: set[int]) -> int:
    """Send records with numbers until the connection breaks; return the next number."""
    number = first

    async def listen() -> None:
        while True:
            txid, _, kind = await car.answer(_WITHIN_S)
            assert kind == 5
            acknowledged.add(int(txid))

    listening = asyncio.create_task(listen())
    try:
        while not listening.done():
            await car.send((8, value(int_value=number)), txid=b"%d" % number)
            number += 1
            await asyncio.sleep(0.001)
    except (OSError, ConnectionError):
        pass
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return number


async def _more_than(acknowledged: set[int], count: int) -> None:
    await until(lambda: len(acknowledged) > count, _WITHIN_S)


def test_redis_killed_under_load_loses_nothing_acknowledged(
    tmp_path: Path, own_redis: OwnRedis
) -> None:
    async def story() -> set[int]:
        channel, acknowledged = Channel(own_redis.url), set[int]()
        async with receiving(TESLA, tmp_path, channel=channel) as there:
            context = car_context(tmp_path, TESLA.car())
            async with Connection(there.url, context) as car:
                sending = asyncio.create_task(_send_until_cut(car, 0, acknowledged))
                await until(lambda: len(acknowledged) > 20, _WITHIN_S)
                own_redis.process.kill()
                following = await sending
            before = len(acknowledged)
            counters = there.receiver.counters
            assert counters.unavailable >= 1
            await asyncio.to_thread(own_redis.start)

            async def again() -> None:
                async with Connection(there.url, context) as car:
                    await _send_until_cut(car, following, acknowledged)

            async with asyncio.timeout(_WITHIN_S):
                while len(acknowledged) < before + 20:
                    resending = asyncio.create_task(again())
                    await asyncio.wait([resending], timeout=1)
                    resending.cancel()
                    await asyncio.gather(resending, return_exceptions=True)
        await channel.close()
        return acknowledged

    acknowledged = uvloop.run(story())
    with own_redis.client() as client:
        assert acknowledged <= _stored(client)


@pytest.mark.django_db(transaction=True)
def test_a_killed_receiver_has_stored_all_that_it_acknowledged(tmp_path: Path) -> None:
    make_vehicle(make_bare_grant(make_user("alice@example.com")), vin=VIN)
    (tmp_path / "tesla.pem").write_text(TESLA.pem)
    port, acknowledged = free_port(), set[int]()
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()

    context = car_context(tmp_path, TESLA.car(), certificates.ca_pem())

    async def story() -> None:
        following = 0
        for _ in range(2):
            running = _receiver(tmp_path, port)
            try:
                await asyncio.to_thread(_wait_for, port)
                enough = len(acknowledged) + 50
                async with Connection(f"wss://127.0.0.1:{port}/", context) as car:
                    sending = asyncio.create_task(
                        _send_until_cut(car, following, acknowledged)
                    )
                    await _more_than(acknowledged, enough)
                    running.send_signal(signal.SIGKILL)
                    following = await sending
            finally:
                running.kill()
                running.wait()

    uvloop.run(story())

    assert len(acknowledged) > 100
    assert acknowledged <= _stored(client)
    client.close()


def _receiver(folder: Path, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "DATA": str(folder / "data"),
        "TELEMETRY_LISTEN": f"127.0.0.1:{port}",
        "TELEMETRY_HOSTNAME": "127.0.0.1",
        "TELEMETRY_CLIENT_CA_FILE": str(folder / "tesla.pem"),
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "receive_telemetry"], env=environment
    )


def _wait_for(port: int) -> None:
    """Wait until the receiver listens."""
    deadline = time.monotonic() + _WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return
