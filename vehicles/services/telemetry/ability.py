"""Whether a car could stream, as far as Tesla told.

Source: developer.tesla.com/docs/fleet-api/fleet-telemetry (requirements).
"""

from fleet.streamed import OLDEST_FIRMWARE
from vehicles.models import TelemetryConfig, Vehicle
from vehicles.services.telemetry.refusals import Code

_NEVER = frozenset({Code.UNSUPPORTED_HARDWARE, Code.UNSUPPORTED_FIRMWARE})
_NONE = frozenset({"", "unknown"})


def can_stream(vehicle: Vehicle, config: TelemetryConfig | None) -> bool:
    """Tell whether the car streams, or would with settings sent and its key paired.

    So a program that speaks to the stream waits for values there, and reads only cars
    that have none by calls.
    """
    if config is not None and config.refusal in _NEVER:
        return False
    if config is not None and config.synced_at is not None:
        return True
    if vehicle.fleet_telemetry_version.lower() in _NONE:
        return False
    return _numbers(vehicle.firmware) >= _numbers(OLDEST_FIRMWARE)


def _numbers(version: str) -> tuple[int, ...]:
    """Return a firmware's numbers, such as (2026, 38, 3); () for what has none."""
    digits = version.split(" ", 1)[0].split(".")
    return tuple(int(one) for one in digits if one.isdecimal())
