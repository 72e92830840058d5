"""PostgreSQL crashes under deliveries: what was stored is there and is delivered."""

import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from tests.faults.processes import OwnRedis, Process, until
from tests.servers import Servers
from tests.webhooks.loading import load
from tests.webhooks.processes import deliverer, environment
from tests.webhooks.receiver import Receiver
from tests.webhooks.running import are_named_alike, run

pytestmark = pytest.mark.fault
PATHS = ("/0", "/1")
RECONNECTS_WITHIN_S = 10.0
_STORED = "SELECT id FROM webhooks_delivery"
_DELIVERED = "SELECT id FROM webhooks_delivery WHERE state = 'ok'"
_UNDELIVERED = "SELECT id FROM webhooks_delivery WHERE state <> 'ok'"
_LEASED = "SELECT id FROM webhooks_delivery WHERE lease_until IS NOT NULL"
# An answer that the crash lost leaves its claim to nobody.
_END_STALE_LEASES = (
    "UPDATE webhooks_delivery SET lease_until = now()"
    " WHERE lease_until < pg_postmaster_start_time() + interval '30 seconds'"
    " RETURNING id"
)
_CONNECTED = (
    "SELECT pid FROM pg_stat_activity"
    " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
_STORED_SINCE = (
    "SELECT id FROM webhooks_message WHERE created_at > pg_postmaster_start_time()"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """Hold a PostgreSQL and a Redis that one test has for itself."""

    servers: Servers
    redis: OwnRedis
    database_url: str

    def python(self, *arguments: str) -> str:
        """Run Python to its end and return what it prints."""
        return subprocess.run(
            [sys.executable, *arguments],
            env=environment(DATABASE_URL=self.database_url),
            cwd=settings.BASE_DIR,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=120,
        ).stdout

    def rows(self, sql: LiteralString) -> list[tuple[Any, ...]]:
        """Ask the database over a connection of its own."""
        with psycopg.connect(self.database_url) as there:
            return there.execute(sql).fetchall()


@pytest.fixture
def stage() -> Iterator[Stage]:
    """Return servers with empty tables; what PostgreSQL confirms survives its crash."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has no server that could crash")
    # Paths of sockets are short.
    folder = Path(tempfile.mkdtemp(prefix="keyfob-crash-"))
    folder.chmod(0o755)
    servers = Servers(folder)
    own_redis = OwnRedis()
    try:
        servers.start_postgresql(synchronous_commit="on")
        servers.guard()
        url = f"postgresql://keyfob@/keyfob?host={folder}/postgresql"
        here = Stage(servers, own_redis, url)
        here.python("manage.py", "migrate", "-v0")
        yield here
    finally:
        own_redis.end()
        servers.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _deliverer(stage: Stage) -> AbstractContextManager[Process]:
    return deliverer(DATABASE_URL=stage.database_url, REDIS_URL=stage.redis.url)


def _is_all_done(stage: Stage) -> bool:
    return not stage.rows(_UNDELIVERED) and not stage.rows(_LEASED)


def test_crash_of_postgresql_under_load_loses_nothing_and_leaves_nothing_leased(
    stage: Stage,
) -> None:
    receiver = Receiver()

    async def main() -> None:
        async with receiver:
            urls = [receiver.url(path) for path in PATHS]
            program = ("-m", "tests.webhooks.program", *urls)
            user_id = UUID(await asyncio.to_thread(stage.python, *program))
            async with load(stage.redis.url, user_id) as told:
                with _deliverer(stage) as one, _deliverer(stage) as two:
                    await asyncio.to_thread(_crash, stage)
                    await told.goes_on()
                    told.end()
                    for path in PATHS:
                        await told.has_arrived(receiver, path)
                    await asyncio.to_thread(until, lambda: _is_all_done(stage))
                    for process in (one, two):
                        process.send(signal.SIGTERM)
                        assert await asyncio.to_thread(process.wait) == 0

    run(main())
    assert are_named_alike(receiver)


def _crash(stage: Stage) -> None:
    """Crash PostgreSQL, and see that all is there and all come back to it in time."""
    until(lambda: len(stage.rows(_CONNECTED)) == 2)
    until(lambda: len(stage.rows(_DELIVERED)) > 20)
    before, delivered = stage.rows(_STORED), stage.rows(_DELIVERED)
    stage.servers.crash_postgresql()
    until(lambda: len(stage.rows(_CONNECTED)) == 2, RECONNECTS_WITHIN_S)
    until(lambda: stage.rows(_STORED_SINCE), RECONNECTS_WITHIN_S)
    assert {*before} <= {*stage.rows(_STORED)}
    assert {*delivered} <= {*stage.rows(_DELIVERED)}
    stage.rows(_END_STALE_LEASES)
