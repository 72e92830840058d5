"""Fixtures that every test may use: three people and their browsers."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.backends.base.operations import BaseDatabaseOperations
from django.test import Client
from pytest_django import DjangoDbBlocker

from accounts.models import User
from energy.models import SiteAccess
from fleet.breaker import BREAKER
from tests.factories import client_for, make_energy_site, make_user, make_vehicle
from vehicles.models import VehicleAccess

_MOST_FLUSHES = 4

# Pages name static files as they are: nobody collected them for a test.
settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)

# Slow machines are no reason to fail: time is measured by the benchmarks.
hypothesis.settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any machine")

pytest_plugins = [
    "tests.fixtures.tesla",
    "tests.fixtures.work",
    "tests.fixtures.live",
    "tests.fixtures.live_streams",
    "tests.fixtures.billing",
    "tests.fixtures.live_billing",
    "tests.fixtures.stripe",
    "tests.fixtures.events",
    "tests.fixtures.own_redis",
]


@pytest.fixture(scope="session", autouse=True)
def _quick_hasher() -> Iterator[None]:
    """Hash passwords quickly; the real hasher of another process still reads them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "PASSWORD_HASHERS", ["tests.hashers.QuickHasher"])
        yield


@pytest.fixture
def alice(db: None) -> User:
    """Return Alice, who owns cars and a house with a Powerwall."""
    return make_user("alice@example.com", name="Alice Moreau")


@pytest.fixture
def bob(db: None) -> User:
    """Return Bob, who has DRIVER access to one of Alice's cars."""
    return make_user("bob@example.com", name="Bob Keller")


@pytest.fixture
def charlie(db: None) -> User:
    """Return Charlie, who must see nothing."""
    return make_user("charlie@example.com", name="Charlie Okafor")


@pytest.fixture
def owner(db: None) -> User:
    """Return the owner of the instance, who is staff."""
    return User.objects.create_owner("owner@example.com", "correct horse battery")


@pytest.fixture(name="client_of")
def _client_of() -> Callable[[User], Client]:
    """Return `factories.client_for`: a test client in which a user is signed in."""
    return client_for


@pytest.fixture(name="make_vehicle")
def _make_vehicle() -> Callable[..., VehicleAccess]:
    """Return `factories.make_vehicle`."""
    return make_vehicle


@pytest.fixture(name="make_energy_site")
def _make_energy_site() -> Callable[..., SiteAccess]:
    """Return `factories.make_energy_site`."""
    return make_energy_site


@pytest.fixture(scope="session", autouse=True)
def _patient_flush() -> Iterator[None]:
    """Empty the tables again where a running console was just writing to them.

    PostgreSQL ends one of the two when they wait for each other's locks.
    """
    flush = BaseDatabaseOperations.execute_sql_flush

    def patiently(self: BaseDatabaseOperations, sql_list: Any) -> None:
        for _ in range(_MOST_FLUSHES - 1):
            try:
                return flush(self, sql_list)
            except OperationalError:
                time.sleep(0.2)
        return flush(self, sql_list)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", patiently)
        yield


@pytest.fixture(autouse=True)
def _forget_failures() -> None:
    """Let Tesla's hosts have no past, as for a process that has just begun."""
    BREAKER.forget()


@pytest.fixture(autouse=True)
def _forget_limits(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the rate limits after a test whose transactions were really committed."""
    marker = request.node.get_closest_marker("django_db")
    is_marked = marker is not None and marker.kwargs.get("transaction", False)
    if not is_marked and "transactional_db" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    # The table of the limits has no model, so that the flush passes it by.
    cache.clear()


@pytest.fixture(scope="module")
def emptied_at_last(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Empty the tables when the processes of a module have ended.

    A process writes down what it counted when it ends, which is after the last test of
    its module has emptied them. Whoever runs one for a module asks for this first.
    """
    yield
    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
        cache.clear()
        connection.close()


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """End what is left of sessions of other processes before the database goes.

    PostgreSQL takes a moment to notice that a process was killed.
    """
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """Keep a SQLite test database in a file, so that other processes can open it."""
    if connection.vendor == "sqlite":
        name = Path(settings.DATA_DIR) / "test.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = str(name)
