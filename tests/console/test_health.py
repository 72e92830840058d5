"""What is not running, in words."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest
import redis
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings
from redis import asyncio as redis_async

from console.health import DELIVERER, LONGEST_SILENCE, troubles
from console.models import Heartbeat
from console.tasks import WORKER
from events import alive
from tests.factories import make_heartbeat

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def titles() -> list[str]:
    return [trouble.title for trouble in troubles(NOON)]


@pytest.mark.parametrize("silence_s", [0, 60])
def test_troubles_are_none_while_the_worker_beats(silence_s: int) -> None:
    make_heartbeat(NOON - timedelta(seconds=silence_s))
    assert troubles(NOON) == ()


def test_troubles_name_a_worker_that_never_beat() -> None:
    Heartbeat.objects.all().delete()
    assert titles() == ["The background worker is not running."]


def test_troubles_name_a_worker_that_stopped() -> None:
    make_heartbeat(NOON - LONGEST_SILENCE - timedelta(seconds=1))
    assert titles() == ["The background worker is not running."]


def test_receiver_and_deliverer_are_missed_once_they_have_run(
    events_redis: "redis.Redis",
) -> None:
    make_heartbeat(NOON)
    assert titles() == []
    long_ago = NOON - LONGEST_SILENCE - timedelta(seconds=1)
    Heartbeat.objects.create(name=DELIVERER, beaten_at=long_ago)
    events_redis.hset("keyfob:alive", alive.RECEIVER, str(long_ago.timestamp()))
    assert titles() == [
        "The receiver of telemetry is not running.",
        "The deliverer of webhooks is not running.",
    ]
    Heartbeat.objects.update(beaten_at=NOON)
    events_redis.hset("keyfob:alive", alive.RECEIVER, str(NOON.timestamp()))
    assert titles() == []


def test_receiver_tells_that_it_is_alive(events_redis: "redis.Redis") -> None:
    async def beat() -> None:
        async with redis_async.Redis.from_url(settings.REDIS_URL) as client:
            await alive.beat_async(client, alive.RECEIVER)

    asyncio.run(beat())
    assert set(alive.beats(events_redis)) == {alive.RECEIVER}


@pytest.mark.parametrize("name", [WORKER, alive.RECEIVER, DELIVERER])
def test_healthcheck_fails_for_what_never_ran(
    name: str, events_redis: "redis.Redis"
) -> None:
    Heartbeat.objects.all().delete()
    with pytest.raises(CommandError, match="is not running"):
        call_command("healthcheck", name)
    if name == alive.RECEIVER:
        events_redis.hset("keyfob:alive", name, str(time.time()))
    else:
        Heartbeat.objects.create(name=name, beaten_at=timezone.now())
    call_command("healthcheck", name)


def test_healthcheck_names_redis_when_it_is_away(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    with pytest.raises(CommandError, match="Redis does not answer"):
        call_command("healthcheck")


def test_troubles_name_redis_alone_when_it_is_away(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    began = perf_counter()
    assert titles() == ["Redis does not answer."]
    assert perf_counter() - began < 3
