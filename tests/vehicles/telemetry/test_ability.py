"""Which cars could stream, so that programs need not read them by calls."""

from datetime import UTC, datetime

import pytest

from vehicles.models import TelemetryConfig, Vehicle
from vehicles.services.telemetry.ability import can_stream

SYNCED = TelemetryConfig(synced_at=datetime(2026, 11, 21, tzinfo=UTC))


@pytest.mark.parametrize(
    ("firmware", "client", "expected"),
    [
        ("2024.26", "1.0.0", True),
        ("2026.38.3 abc123", "1.2.0", True),
        ("2024.20.9", "1.0.0", False),
        ("2026.38.3", "unknown", False),
        ("2026.38.3", "", False),
        ("", "1.2.0", False),
    ],
)
def test_car_can_stream_with_a_firmware_and_client_that_know_how(
    firmware: str, client: str, *, expected: bool
) -> None:
    vehicle = Vehicle(firmware=firmware, fleet_telemetry_version=client)
    assert can_stream(vehicle, None) is expected


def test_car_that_fetched_its_settings_streams_whatever_else_is_known() -> None:
    assert can_stream(Vehicle(), SYNCED)


@pytest.mark.parametrize("code", ["unsupported_hardware", "unsupported_firmware"])
def test_car_that_tesla_refused_for_good_does_not_stream(code: str) -> None:
    vehicle = Vehicle(firmware="2026.38.3", fleet_telemetry_version="1.2.0")
    assert not can_stream(vehicle, TelemetryConfig(refusal=code))


def test_car_without_a_key_could_stream() -> None:
    vehicle = Vehicle(firmware="2026.38.3", fleet_telemetry_version="1.2.0")
    assert can_stream(vehicle, TelemetryConfig(refusal="missing_key"))
