"""Run deliverers as processes of their own, which tests may kill."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from django.conf import settings
from django.utils import timezone

from tests.faults.processes import Process
from tests.fixtures.live import database_url
from tests.webhooks.conftest import LOOPBACK
from webhooks.models import Delivery

STARTS_WITHIN_S = 60.0


def environment(**others: str) -> dict[str, str]:
    """Return the environment of a deliverer with this test's servers, or with others."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "WEBHOOKS_PRIVATE_NETWORKS": " ".join(LOOPBACK),
        **others,
    }


@contextmanager
def deliverer(**others: str) -> Iterator[Process]:
    """Run `manage.py deliver_webhooks`, and see to its end."""
    command = [sys.executable, "manage.py", "deliver_webhooks"]
    process = Process(command, environment(**others))
    try:
        yield process
    finally:
        process.kill()


def let_time_pass(store: "redis.Redis") -> None:
    """Let leases and signs of life of the dead run out."""
    Delivery.objects.filter(state="pending").update(lease_until=timezone.now())
    for key in store.scan_iter("keyfob:webhooks:alive:*"):
        store.delete(key)
