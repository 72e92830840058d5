"""Fixtures of the tests that break things: a place for processes, and Alice's cars."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.faults.processes import OwnRedis, Workshop
from tests.fixtures.live import live_environment
from tests.fixtures.tesla import MakeGrant
from tests.vehicles.conftest import rouse
from tokens.models import TeslaGrant
from vehicles import tasks


@pytest.fixture
def workshop(
    transactional_db: None, registered: RunningSimulator, tmp_path: Path
) -> Iterator[Workshop]:
    """Return a place with a Redis of its own and the database of this test."""
    own = OwnRedis()
    env = {
        **live_environment("http://localhost:8000", registered),
        "REDIS_URL": own.url,
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
    }
    here = Workshop(own, env, tmp_path)
    yield here
    here.end()


@pytest.fixture
def grant(
    transactional_db: None,
    alice: User,
    make_grant: MakeGrant,
    registered: RunningSimulator,
) -> TeslaGrant:
    """Return Alice's grant; her cars are listed, and Luna and Granny are awake."""
    linked = make_grant(alice)
    tasks.sync(str(linked.pk))
    for name in ("Luna", "Granny"):
        rouse(registered, name)
    registered.hub.ledger.clear()
    return linked
