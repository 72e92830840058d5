"""Push settings to simulated cars, as the console does."""

from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from simulator.streaming.certificates import Authority
from tests.simulator.doors import PRIVATE_KEY, Doors
from tests.simulator.streaming.signing import token

HOSTNAME = "telemetry.example.com"
CA = Authority.made("Some CA").pem
FIELDS: dict[str, Any] = {"VehicleSpeed": {"interval_seconds": 1}}
STREAMED = ("vehicle_device_data", "vehicle_location")


def config(**more: Any) -> dict[str, Any]:
    """Return settings that Tesla takes, changed by `more`; None leaves a key out."""
    whole = {
        "hostname": HOSTNAME,
        "port": 443,
        "ca": CA,
        "fields": FIELDS,
        "delivery_policy": "latest",
        "alert_types": ["service"],
        **more,
    }
    return {name: value for name, value in whole.items() if value is not None}


def push(
    doors: Doors,
    name: str = "Red",
    key: ec.EllipticCurvePrivateKey = PRIVATE_KEY,
    signer: ec.EllipticCurvePrivateKey | None = None,
    scopes: tuple[str, ...] = STREAMED,
    **more: Any,
) -> httpx.Response:
    """Push settings for a car of Alice's."""
    body = {
        "vins": [doors.car(name).vin],
        "token": token(key, config(**more), signer=signer),
    }
    bearer = doors.token("alice@example.com", *scopes)
    return doors.post("vehicles/fleet_telemetry_config_jws", bearer, body)


def shown(doors: Doors, name: str = "Red") -> dict[str, Any]:
    """Return what Tesla tells of a car's settings."""
    path = f"vehicles/{doors.car(name).vin}/fleet_telemetry_config"
    found: dict[str, Any] = doors.get(path, doors.token()).json()["response"]
    return found


def errors(doors: Doors, name: str = "Red") -> list[dict[str, str]]:
    """Return the errors that Tesla tells of a car."""
    path = f"vehicles/{doors.car(name).vin}/fleet_telemetry_errors"
    found: list[dict[str, str]] = doors.get(path, doors.token()).json()["response"][
        "fleet_telemetry_errors"
    ]
    return found
