"""Fixtures for webhooks: loopback is open, streams are empty."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings

from accounts.models import User
from tests.factories import make_user
from webhooks.models import Endpoint
from webhooks.services import endpoints

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture(autouse=True)
def _loopback_is_open(settings: Any) -> None:
    """Let webhooks be sent to this machine, as an operator would."""
    settings.WEBHOOKS_PRIVATE_NETWORKS = LOOPBACK


@pytest.fixture
def store() -> Iterator["redis.Redis"]:
    """Return the run's Redis, without any event before and after."""
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        _empty(client)
        yield client
        _empty(client)


@pytest.fixture
def committed_alice(transactional_db: None) -> User:
    """Return Alice where other connections see her."""
    return make_user("alice@example.com", name="Alice Moreau")


@pytest.fixture
def endpoint(alice: User) -> Endpoint:
    """Return an endpoint of Alice's."""
    made, _ = endpoints.add(alice, "https://hooks.example.com/a", name="Home")
    return made


def _empty(client: "redis.Redis") -> None:
    for key in client.scan_iter("keyfob:*", count=1000):
        client.delete(key)
