"""Fixtures of a car that was read, and of work that rings when it is committed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from tests.factories import make_bare_grant, make_vehicle
from tests.vehicles.controls.making import VIN
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
