"""Redis of the run, emptied of events, and what tests say in it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.environment import process_number, redis_url


@pytest.fixture
def url() -> str:
    """Return the address of the Redis of this test process."""
    return redis_url(Path(os.environ["KEYFOB_TEST_FOLDER"]), 2 * process_number())


@pytest.fixture
def client(url: str) -> Iterator[redis.Redis]:
    """Return a client of a Redis without events."""
    with redis.Redis.from_url(url) as client:
        for name in client.scan_iter("keyfob:*"):
            client.delete(name)
        yield client
