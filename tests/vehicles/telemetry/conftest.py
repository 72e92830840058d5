"""Fixtures of cars that are wanted to stream: a receiver's address, a wish, a clock."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from simulator.testing import RunningSimulator
from simulator.world.cars.car import Car
from tests.vehicles.conftest import Link, paths
from tokens.models import TeslaGrant
from tokens.services import signing_keys
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services.telemetry import Destination, reconciling, wishes

PATH = "/fleet_telemetry_config_jws"
CONFIG = "/fleet_telemetry_config"
Send = Callable[..., TelemetryConfig]
Row = Callable[[], TelemetryConfig]
Bring = Callable[..., bool]


def kept(registered: RunningSimulator, vin: str) -> Any:
    """Return what the simulated Tesla keeps for a car of ours, None for nothing."""
    return registered.hub.store.configs.get((settings.TESLA_CLIENT_ID, vin))


def pushes(registered: RunningSimulator) -> int:
    """Return how often a configuration was sent."""
    return len(paths(registered, PATH))


@cache
def ca_pem() -> str:
    """Return the certificate of an authority that signs nothing."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def there() -> Destination:
    """Return where the cars of the tests send what they stream."""
    return Destination(f"telemetry.{settings.TESLA_DOMAIN}", 4443, ca_pem())


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Let the time of this process stand still until it is moved."""
    with time_machine.travel(datetime.now(UTC), tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def red(link: Link, alice: User, registered: RunningSimulator) -> VehicleAccess:
    """Return Alice's access to Red, which has the key and is online."""
    link(alice)
    tempo = registered.world.tempo
    tempo.wake_delay_s = tempo.pairing_lag_s = tempo.report_lag_s = 0.0
    car = registered.world.car_named("Red")
    car.pair(signing_keys.public_hex(), settings.TESLA_DOMAIN)
    car.wake_up()
    registered.clock.advance(120)
    registered.hub.ledger.clear()
    return VehicleAccess.objects.of(alice).get(vehicle__vin=car.vin)


@pytest.fixture
def car(registered: RunningSimulator, red: VehicleAccess) -> Car:
    """Return Red as Tesla has it."""
    return registered.world.car_named("Red")


@pytest.fixture
def bobs(link: Link, bob: User) -> TeslaGrant:
    """Return Bob's grant, which sees Red, too."""
    return link(bob)


@pytest.fixture
def row(red: VehicleAccess) -> Row:
    """Return a function that reads the row of Red's wish."""
    return lambda: TelemetryConfig.objects.get(vehicle__vin=red.vehicle.vin)


@pytest.fixture
def bring(red: VehicleAccess, there: Destination) -> Bring:
    """Return a function that brings Red's wish to Tesla, `there` or elsewhere."""

    def do(to: Destination = there) -> bool:
        return reconciling.reconcile(red.vehicle.vin, to)

    return do


@pytest.fixture
def bring_now(bring: Bring) -> Bring:
    """Return a function that brings Red's wish to Tesla as if it were due by now."""

    def do() -> bool:
        TelemetryConfig.objects.update(next_at=timezone.now())
        return bring()

    return do


@pytest.fixture
def look(row: Row, bring: Bring, clock: time_machine.Traveller) -> Bring:
    """Return a function that waits until Red's wish is due, and brings it to Tesla."""

    def do() -> bool:
        due_at = row().next_at
        assert due_at is not None
        clock.move_to(due_at)
        return bring()

    return do


@pytest.fixture
def send(red: VehicleAccess, bring: Bring) -> Send:
    """Return a function that wishes fields of Red and brings the wish to Tesla."""

    def do(*names: str) -> TelemetryConfig:
        wishes.replace(red, dict.fromkeys(names or ("Soc",)))
        bring()
        return TelemetryConfig.objects.get(vehicle=red.vehicle)

    return do
