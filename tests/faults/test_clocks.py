"""Several clocks: each job is rung for once a period, also when the active one dies."""

import time
from collections import Counter

import pytest
import redis
from django.conf import settings

from tests.faults.processes import Workshop, until
from tests.faults.settings import CELERY_BEAT_SCHEDULE, EVERY_S
from tests.fixtures.work import QUEUE, task_of

pytestmark = pytest.mark.fault
_LISTEN_S = 3.0


def rung(client: "redis.Redis") -> Counter[str]:
    """Return how often each task waits in the queue."""
    messages = client.lrange(QUEUE, 0, -1)
    return Counter(task_of(message)[0] for message in messages)


def test_two_clocks_ring_as_one_and_the_other_takes_over(workshop: Workshop) -> None:
    active = workshop.clock()
    until(workshop.waiting)
    workshop.clock()
    with workshop.redis.client() as client:
        # Both are up when the second one stands waiting for the lock.
        time.sleep(_LISTEN_S / 2)
        begun_s = time.monotonic()
        client.delete(QUEUE)
        time.sleep(_LISTEN_S)
        counts = rung(client)
        lasted_s = time.monotonic() - begun_s
        assert set(counts) == {one["task"] for one in CELERY_BEAT_SCHEDULE.values()}
        for count in counts.values():
            assert 1 <= count <= lasted_s / EVERY_S + 1
        active.kill()
        client.delete(QUEUE)
        until(lambda: rung(client).total() > 0, within_s=30)


def test_clock_that_waits_takes_over_within_half_a_minute() -> None:
    longest_s = (
        settings.CELERY_REDBEAT_LOCK_TIMEOUT + settings.CELERY_BEAT_MAX_LOOP_INTERVAL
    )
    assert longest_s <= 30
