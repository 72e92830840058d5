"""What the receiver does beside taking frames: who sees, what it costs, how it is."""

import asyncio
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis
import uvloop
from django.conf import settings as ours
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from telemetry.receiver import status
from telemetry.receiver.limits import Counters
from telemetry.receiver.metering import Metering
from telemetry.receiver.watching import Watching
from tests.fleet.records.frames import VIN
from tests.telemetry.cars import ALICE, Meter, until
from tokens.models import Spending, Usage
from tokens.services import usage
from vehicles.services.viewers import Viewer

SEES = (Viewer(ALICE, sees_location=True),)


def test_who_sees_a_car_is_asked_again_within_two_seconds() -> None:
    async def story() -> None:
        answers: list[Any] = [{VIN: SEES}, DatabaseError(), {}]
        told: list[str] = []

        def ask(_vins: Collection[str]) -> Any:
            answer = answers.pop(0) if answers else {}
            if isinstance(answer, Exception):
                raise answer
            return answer

        watching = Watching(ask, every_s=0.02)
        task = asyncio.create_task(watching.run())
        assert watching.viewers(VIN) is None
        watching.add(VIN, lambda: told.append("first"))
        await until(lambda: told)
        assert watching.viewers(VIN) in {SEES, ()}
        watching.add(VIN, lambda: told.append("second"))
        assert told == ["first", "second"]
        # The database was away for one question; the next one says that nobody sees it.
        await until(lambda: watching.viewers(VIN) == ())
        watching.remove(VIN)
        watching.remove(VIN)
        assert watching.viewers(VIN) is None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        watching.close()

    uvloop.run(story())


def test_signals_are_kept_while_the_database_is_away() -> None:
    async def story() -> None:
        meter, away = Meter(), [True]

        def write(counts: Any) -> None:
            if away.pop():
                raise DatabaseError
            meter.write(counts)

        metering = Metering(write, clock=lambda: 86_400.0 * 3)
        metering.count(VIN, SEES, 5)
        await metering.flush()
        assert meter.counts == {}
        metering.count(VIN, SEES, 2)
        metering.count(VIN, (), 1)
        away.append(False)
        await metering.flush()
        await metering.flush()
        metering.close()
        found = {key.user_id: count.billed for key, count in meter.counts.items()}
        assert found == {ALICE: 7, UUID(int=0): 1}
        assert {key.day for key in meter.counts} == {3}

    uvloop.run(story())


@pytest.mark.django_db
def test_signals_stand_in_the_usage_and_in_the_months_spending(alice: Any) -> None:
    key = usage.Key(20_000, alice.pk, usage.CARS, VIN, "streaming")
    nobody = key._replace(user_id=UUID(int=0))
    count = usage.Count(program="telemetry", billed=150_000)

    usage.write({key: count, nobody: count})

    row = Usage.objects.get()
    assert (row.subject, row.program, row.billed) == (VIN, "telemetry", 150_000)
    assert Spending.objects.get().billed == 300_000


def test_a_receiver_says_how_it_is(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"
    client = redis.Redis.from_url(ours.REDIS_URL)
    assert not status.beats()
    with pytest.raises(CommandError, match="not running"):
        call_command("receive_telemetry", "--check")

    async def story() -> None:
        beat = status.Beat(ours.REDIS_URL, "receiver")
        await beat.write(Counters(frames=5).as_dict())
        (found,) = [one for one in status.running(client) if one["name"] == beat.name]
        assert (found["source"], found["frames"]) == ("receiver", 5)
        assert json.loads(status.file().read_text()) == found
        assert status.beats()
        call_command("receive_telemetry", "--check")
        assert not status.beats(status.file().stat().st_mtime + 31)
        await beat.close()
        assert beat.name not in [one["name"] for one in status.running(client)]

    asyncio.run(story())
    client.close()


def test_a_redis_that_is_away_is_no_reason_to_stop(
    settings: Any, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path

    async def story() -> None:
        beat = status.Beat("unix:///nowhere/redis.sock", "receiver")
        await beat.write({"frames": 1})
        await beat.close()

    asyncio.run(story())
    assert status.beats()


def test_the_command_refuses_what_makes_no_sense(settings: Any) -> None:
    with pytest.raises(CommandError, match="at least one"):
        call_command("receive_telemetry", "--workers", "0")
    settings.TELEMETRY_SOURCE = "fleet-telemetry"
    with pytest.raises(CommandError, match="one process"):
        call_command("receive_telemetry", "--workers", "2")
