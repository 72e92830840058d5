"""Workers bring to Tesla what cars are wanted to stream."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings

from accounts.models import User
from simulator.testing import RunningSimulator
from telemetry import tasks
from tests.fixtures.tesla import MakeGrant
from tokens.services import grants, signing_keys
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services import vehicles
from vehicles.services.telemetry import wishes

Rung = Callable[[], list[tuple[str, list[object]]]]


@pytest.fixture(autouse=True)
def _hostname(settings: Any) -> None:
    settings.TELEMETRY_HOSTNAME = f"telemetry.{settings.TESLA_DOMAIN}"


@pytest.fixture
def red(
    alice: User, make_grant: MakeGrant, registered: RunningSimulator
) -> VehicleAccess:
    """Return Alice's access to Red, which has the key and is online."""
    grant = make_grant(alice)
    vehicles.sync(grant, grants.client_for(grant))
    tempo = registered.world.tempo
    tempo.wake_delay_s = tempo.pairing_lag_s = 0.0
    car = registered.world.car_named("Red")
    car.pair(signing_keys.public_hex(), django_settings.TESLA_DOMAIN)
    car.wake_up()
    return VehicleAccess.objects.get(vehicle__vin=car.vin)


def test_wish_is_brought_to_tesla_with_our_own_authority(
    red: VehicleAccess, registered: RunningSimulator, rung: Rung
) -> None:
    wishes.merge(red, {"Soc": None})
    tasks.sweep()
    assert rung() == [("telemetry.tasks.reconcile", [red.vehicle.vin])]
    tasks.reconcile(red.vehicle.vin)
    row = TelemetryConfig.objects.get()
    assert (row.refusal, row.confirmed and row.confirmed["port"]) == ("", 443)
    assert row.confirmed is not None
    assert row.confirmed["ca"].startswith("-----BEGIN CERTIFICATE-----")
    tasks.sweep()
    assert len(rung()) == 1


def test_files_that_cannot_be_used_hold_the_wish_back(
    red: VehicleAccess, registered: RunningSimulator, rung: Rung, settings: Any
) -> None:
    settings.TELEMETRY_CERTIFICATE_FILE = "/nowhere/certificate.pem"
    settings.TELEMETRY_CA_FILE = "/nowhere/ca.pem"
    wishes.merge(red, {"Soc": None})
    tasks.sweep()
    tasks.reconcile(red.vehicle.vin)
    assert rung() == []
    assert TelemetryConfig.objects.get().attempts == 0
