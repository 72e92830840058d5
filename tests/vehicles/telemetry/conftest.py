"""Fixtures of cars that are wanted to stream: a receiver's address, a wish, a clock."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.vehicles.conftest import Link
from tokens.services import signing_keys
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services.telemetry import Destination, reconciling, wishes

PATH = "/fleet_telemetry_config_jws"


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
def row(red: VehicleAccess) -> Callable[[], TelemetryConfig]:
    """Return a function that reads the row of Red's wish."""
    return lambda: TelemetryConfig.objects.get(vehicle__vin=red.vehicle.vin)


@pytest.fixture
def send(red: VehicleAccess, there: Destination) -> Callable[..., TelemetryConfig]:
    """Return a function that wishes fields of Red and brings the wish to Tesla."""

    def do(*names: str) -> TelemetryConfig:
        wishes.replace(red, dict.fromkeys(names or ("Soc",)))
        reconciling.reconcile(red.vehicle.vin, there)
        return TelemetryConfig.objects.get(vehicle=red.vehicle)

    return do
