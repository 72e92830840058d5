"""What a test sends: one realistic body of each kind, in the stream's own JSON."""

import json
from datetime import UTC, datetime
from typing import Any

VIN = "5YJ3E1EA7KF000316"
PING = "ping"

_PARTS: dict[str, dict[str, Any]] = {
    "state": {"state": "online"},
    "data": {
        "data": {
            "BatteryLevel": 81.5,
            "Locked": True,
            "Gear": "ShiftStateP",
            "DetailedChargeState": "DetailedChargeStateCharging",
            "Location": {"latitude": 30.22, "longitude": -97.62},
            "MinutesToArrival": None,
        }
    },
    "vehicle_data": {
        "vehicle_data": {
            "state": "online",
            "charge_state": {"battery_level": 81, "charging_state": "Charging"},
            "drive_state": {"shift_state": "P", "speed": None},
        }
    },
    "credits": {
        "credits": {
            "type": "command",
            "cost": 1,
            "name": "door_lock",
            "balance": 99,
            "quota": {"fraction": 0.01},
        }
    },
    PING: {"ping": True},
}


def body(kind: str, vin: str, at_ms: int) -> str:
    """Return a body of one kind, or of the ping that asks whether anybody is there."""
    created_at = timestamp(at_ms)
    event: dict[str, Any] = {"createdAt": created_at}
    if kind not in {"credits", PING}:
        event["vin"] = vin
    event |= _dated(kind, created_at) or _PARTS[kind]
    if kind == "vehicle_data":
        event["vehicle_data"] = {"vin": vin, **event["vehicle_data"]}
    return json.dumps(event, separators=(",", ":"))


def timestamp(at_ms: int) -> str:
    """Return a moment as the stream writes it, in UTC with milliseconds."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def _dated(kind: str, created_at: str) -> dict[str, Any]:
    """Return the parts that hold a time of their own, {} for the other kinds."""
    if kind == "alerts":
        return {
            "alerts": [
                {
                    "name": "VCFRONT_a180_test",
                    "audiences": ["Customer"],
                    "startedAt": created_at,
                    "endedAt": None,
                }
            ]
        }
    if kind == "errors":
        return {
            "errors": [
                {
                    "createdAt": created_at,
                    "name": "test_error",
                    "tags": {"field_name": "BatteryLevel", "name": "test"},
                    "body": "A test, not an error of the car.",
                }
            ]
        }
    return {}
