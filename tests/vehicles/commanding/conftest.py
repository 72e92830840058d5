"""Fixtures of commands: nothing agreed with any car before."""

from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings


@pytest.fixture(autouse=True)
def _nothing_agreed() -> None:
    """Forget sessions, locks and wakes of earlier tests; cars recur."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter("keyfob:*"):
            client.delete(key)


@pytest.fixture
def redis_away(settings: Any) -> None:
    """Let there be no Redis."""
    settings.REDIS_URL = f"unix:///nowhere/{uuid4()}.sock"
