"""The command log's writing: in batches, kept while the database is away."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone

from accounts.models import User
from api import command_log
from api.command_log import CommandLog
from api.threads import Threads
from tests.factories import make_bare_grant, make_vehicle
from vehicles.models import Command, VehicleAccess
from vehicles.services.commands import Sent


class Moody(Threads):
    """Threads whose database is away at times."""

    is_away = False

    async def quickly(self, question: Any) -> Any:
        """Ask the database."""
        if self.is_away:
            raise OperationalError
        return await super().quickly(question)


@pytest.fixture
def red(transactional_db: None, alice: User) -> VehicleAccess:
    """Return Alice's access to Red."""
    return make_vehicle(make_bare_grant(alice))


def sent_by(access: VehicleAccess) -> Sent:
    """Return a command that is over."""
    return Sent(
        user_id=access.grant.user_id,
        vin=access.vehicle.vin,
        grant_id=access.grant_id,
        name="honk_horn",
        parameters={},
        access_token_id=uuid4(),
        access_token_name=str(uuid4()),
        client="",
        asked_at=timezone.now(),
        duration_ms=1,
        result=True,
    )


def test_commands_wait_for_a_database_that_is_away(
    red: VehicleAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_log, "_WRITE_AFTER_S", 0.02)
    batch = [sent_by(red) for _ in range(4)]

    async def scene() -> int:
        threads = Moody()
        log = CommandLog(threads)
        threads.is_away = True
        for one in batch[:3]:
            log.add(one)
        await asyncio.sleep(0.1)
        threads.is_away = False
        written, end_at = 0, time.monotonic() + 10
        while not written and time.monotonic() < end_at:
            await asyncio.sleep(0.02)
            written = int(await threads.quickly(Command.objects.count))
        log.add(batch[3])
        await log.close()
        await asyncio.to_thread(threads.close)
        return written

    assert asyncio.run(scene()) == 3
    names = [row.access_token_name for row in Command.objects.order_by("asked_at")]
    assert names == [one.access_token_name for one in batch]


def test_the_oldest_go_when_too_many_wait(
    red: VehicleAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_log, "_MOST_WAITING", 2)
    batch = [sent_by(red) for _ in range(3)]

    async def scene() -> None:
        threads = Threads()
        log = CommandLog(threads)
        for one in batch:
            log.add(one)
        await log.close()
        await log.close()
        await asyncio.to_thread(threads.close)

    asyncio.run(scene())
    names = {row.access_token_name for row in Command.objects.all()}
    assert names == {one.access_token_name for one in batch[1:]}
