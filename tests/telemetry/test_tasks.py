"""Workers bring to Tesla what cars are wanted to stream."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from accounts.models import User
from simulator.testing import RunningSimulator
from telemetry import tasks
from tests.fixtures.tesla import MakeGrant
from tokens.services import grants, signing_keys
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services import vehicles
from vehicles.services.telemetry import queue, wishes
from vehicles.services.telemetry.refusals import Code
from vehicles.streaming.lights import Heard, lights

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


@pytest.mark.parametrize("by_the_bell", [True, False], ids=["bell", "sweep"])
def test_files_that_cannot_be_used_hold_the_wish_back_and_are_told(
    red: VehicleAccess, rung: Rung, settings: Any, *, by_the_bell: bool
) -> None:
    settings.TELEMETRY_CERTIFICATE_FILE = "/nowhere/certificate.pem"
    settings.TELEMETRY_CA_FILE = "/nowhere/ca.pem"
    wishes.merge(red, {"Soc": None})
    if by_the_bell:
        tasks.reconcile(red.vehicle.vin)
    tasks.sweep()
    assert rung() == []
    row = TelemetryConfig.objects.get()
    assert (row.refusal, row.is_answered) == (Code.UNREADABLE_CERTIFICATE, True)
    assert (row.attempts, row.lease_until) == (0, None)
    assert row.next_at is not None
    assert timedelta(0) < row.next_at - timezone.now() <= timedelta(minutes=1)
    accepted = lights(row, red.vehicle, Heard(None), timezone.now())[0]
    assert (accepted.state, accepted.why and accepted.why.title) == (
        "bad",
        "The certificate for cars cannot be read",
    )
    assert accepted.why is not None
    assert "TELEMETRY_CA_FILE" in accepted.why.words

    settings.TELEMETRY_CERTIFICATE_FILE = settings.TELEMETRY_CA_FILE = ""
    tasks.sweep()
    assert rung() == []
    TelemetryConfig.objects.update(next_at=timezone.now())
    tasks.sweep()
    assert rung() == [("telemetry.tasks.reconcile", [red.vehicle.vin])]
    tasks.reconcile(red.vehicle.vin)
    row.refresh_from_db()
    assert (row.refusal, row.refused_at) == ("", None)
    assert row.confirmed is not None


def test_files_that_cannot_be_used_leave_alone_what_is_sent_or_being_sent(
    red: VehicleAccess, registered: RunningSimulator, settings: Any
) -> None:
    wishes.merge(red, {"Soc": None})
    tasks.reconcile(red.vehicle.vin)
    TelemetryConfig.objects.update(next_at=timezone.now())
    settings.TELEMETRY_CERTIFICATE_FILE = "/nowhere/certificate.pem"
    settings.TELEMETRY_CA_FILE = "/nowhere/ca.pem"
    tasks.sweep()
    tasks.reconcile(red.vehicle.vin)
    assert TelemetryConfig.objects.get().refusal == ""
    wishes.merge(red, {"Gear": None})
    claimed = queue.claim(red.vehicle.vin)
    tasks.sweep()
    tasks.reconcile(red.vehicle.vin)
    assert TelemetryConfig.objects.get() == claimed
    assert TelemetryConfig.objects.get().refusal == ""


def test_files_that_cannot_be_used_hold_back_the_one_car_that_was_rung_for(
    red: VehicleAccess, registered: RunningSimulator, settings: Any
) -> None:
    settings.TELEMETRY_CERTIFICATE_FILE = "/nowhere/certificate.pem"
    wishes.merge(red, {"Soc": None})
    other = VehicleAccess.objects.exclude(pk=red.pk).filter(grant=red.grant).first()
    assert other is not None
    wishes.merge(other, {"Soc": None})
    tasks.reconcile(red.vehicle.vin)
    told = TelemetryConfig.objects.values_list("vehicle__vin", "refusal")
    assert dict(told) == {
        red.vehicle.vin: Code.UNREADABLE_CERTIFICATE,
        other.vehicle.vin: "",
    }
