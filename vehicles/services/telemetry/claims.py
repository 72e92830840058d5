"""Make the configuration that a car is sent, and sign it."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from fleet.signing import telemetry_jws
from tokens.services import signing_keys
from vehicles.models import TelemetryConfig
from vehicles.services.telemetry.destination import Destination

LIFETIME = timedelta(days=330)
"""How long a configuration is good for: Tesla refuses a year (docs/decisions/0012)."""
RENEWED_BEFORE = LIFETIME / 3


def config_of(row: TelemetryConfig, there: Destination) -> dict[str, Any]:
    """Return what a car is told of a wish, all but how long it holds.

    A car that knows no delivery policy sends once, so that the other one is unsaid.
    """
    config: dict[str, Any] = {
        "hostname": there.hostname,
        "port": there.port,
        "ca": there.ca,
        "fields": row.fields,
        "alert_types": row.alert_types,
        "prefer_typed": row.prefer_typed,
    }
    if row.delivery_policy == TelemetryConfig.Delivery.LATEST:
        config["delivery_policy"] = row.delivery_policy
    return config


def digest_of(config: dict[str, Any]) -> str:
    """Return a text that changes with the configuration, its destination included."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def expiring(config: dict[str, Any], now: datetime) -> tuple[dict[str, Any], datetime]:
    """Return a configuration with its end, and the moment of that."""
    at = (now + LIFETIME).replace(microsecond=0)
    return {**config, "exp": int(at.timestamp())}, at


def signed(config: dict[str, Any]) -> str:
    """Return the JWS that a car takes. Raises `accounts.crypto.Undecryptable`."""
    return telemetry_jws(signing_keys.own_private_key(), config)
