"""The bell: it rings once the work is stored, and its absence loses nothing."""

import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery, shared_task
from django.db import transaction

from tokens import bell

Rung = Callable[[], list[tuple[str, list[object]]]]


@shared_task(name="tests.work")
def work(word: str) -> None:
    """Stand for work that a worker does."""


@pytest.mark.django_db(transaction=True)
def test_ring_sends_the_task_when_the_transaction_is_through(rung: Rung) -> None:
    with transaction.atomic():
        bell.ring(work, "one")
        assert rung() == []
    assert rung() == [("tests.work", ["one"])]


@pytest.mark.django_db(transaction=True)
def test_ring_with_redis_away_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    away = Celery("away", broker="redis://127.0.0.1:9/0", set_as_current=False)
    away.conf.task_publish_retry = False

    @away.task(name="tests.work_of_nobody")
    def nobody() -> None:
        """Stand for work whose bell nobody hears."""

    with caplog.at_level(logging.WARNING):
        bell.ring(nobody)
    assert "The queue cannot be reached; tests.work_of_nobody waits" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_ring_does_not_wait_for_a_redis_that_hangs(
    rung: Rung, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        from_s = time.monotonic()
        for _ in range(20):
            bell.ring(work, "one")
        assert time.monotonic() - from_s < 4  # once, not each time
    assert caplog.text.count("tests.work waits for the sweep") == 20
    assert rung() == []
