"""What is not running, in words."""

from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest
from pytest_django import Settings

from console.health import LONGEST_SILENCE, troubles
from console.models import Heartbeat
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


def test_troubles_name_redis_alone_when_it_is_away(settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    began = perf_counter()
    assert titles() == ["Redis does not answer."]
    assert perf_counter() - began < 1
