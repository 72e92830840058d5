"""Fixtures of a car that was read, and of work that rings when it is committed."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import redis
from django.utils import timezone

from accounts.models import User
from events import channel, shapes
from events.event import Entry
from tests.factories import make_bare_grant, make_vehicle
from tests.vehicles.controls.making import VIN, Stream
from vehicles.models import VehicleAccess

READING = {
    "vehicle_state": {"locked": False, "rt": 0, "ft": 1, "sentry_mode": True},
    "charge_state": {
        "charging_state": "Charging",
        "charge_limit_soc": 90,
        "charge_limit_soc_std": 70,
        "charge_port_door_open": True,
    },
    "climate_state": {"is_climate_on": False, "inside_temp": 20.5},
}


@pytest.fixture
def car(alice: User) -> VehicleAccess:
    """Return Alice's access to a paired car that was read a minute ago."""
    now = timezone.now()
    access = make_vehicle(
        make_bare_grant(alice), vin=VIN, state="online", state_at=now, key_paired=True
    )
    access.vehicle_data = READING
    access.vehicle_data_at = now - timedelta(minutes=1)
    access.save(update_fields=["vehicle_data", "vehicle_data_at"])
    return access


@pytest.fixture
def on_commit(
    django_capture_on_commit_callbacks: Callable[..., object],
) -> Callable[[], object]:
    """Return a function that makes a block whose work runs when it is committed."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def stream(car: VehicleAccess, events_redis: "redis.Redis") -> Stream:
    """Return a function that has Alice's car stream values, born a moment ago or `at`.

    It returns when they were born. `to` is somebody else who is told.
    """

    def do(
        at: datetime | None = None, to: User | None = None, /, **values: object
    ) -> datetime:
        born_at = at or timezone.now() - timedelta(seconds=3)
        born_at = born_at.replace(microsecond=born_at.microsecond // 1000 * 1000)
        event = shapes.data(VIN, values, round(born_at.timestamp() * 1000))
        account_id = (to or car.grant.user).pk
        channel.publish(events_redis, [Entry(account_id, event)])
        return born_at

    return do
