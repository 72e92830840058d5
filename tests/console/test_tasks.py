"""The clock's sign of life."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from celery.signals import worker_ready

from console.models import Heartbeat
from console.tasks import WORKER, beat

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_beat_writes_one_row_and_renews_it() -> None:
    for minute in (0, 1):
        with time_machine.travel(NOON.replace(minute=minute), tick=False):
            beat()
    beats = Heartbeat.objects.values_list("name", "beaten_at")
    assert list(beats) == [(WORKER, NOON.replace(minute=1))]


def test_heartbeat_is_named() -> None:
    assert str(Heartbeat(name=WORKER)) == "worker"


def test_worker_that_is_ready_beats_before_the_clock_rings(
    rung: Callable[[], list[tuple[str, list[object]]]],
) -> None:
    worker_ready.send(sender=None)
    assert rung() == [("console.tasks.beat", [])]
