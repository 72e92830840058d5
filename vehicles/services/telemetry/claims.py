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
_DESTINATION = ("hostname", "port", "ca")


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


def agree(shown: dict[str, Any] | None, config: dict[str, Any]) -> bool:
    """Tell whether the configuration that Tesla shows is the one that was sent.

    Only where cars connect and which fields they send how often count, each where Tesla
    shows it: it adds members of its own, and may write the others another way.
    """
    if shown is None:
        return False
    told = [name for name in _DESTINATION if shown.get(name) is not None]
    return all(_plain(shown[name]) == _plain(config[name]) for name in told) and (
        _intervals(shown.get("fields")) == _intervals(config["fields"])
    )


def _plain(value: Any) -> str:
    return "".join(str(value).split()).lower()


def _intervals(fields: Any) -> dict[str, Any]:
    """Return how often each field is sent, None for a field of another shape."""
    found = fields if isinstance(fields, dict) else {}
    return {
        name: settings.get("interval_seconds") if isinstance(settings, dict) else None
        for name, settings in found.items()
    }


def signed(config: dict[str, Any]) -> str:
    """Return the JWS that a car takes. Raises `accounts.crypto.Undecryptable`."""
    return telemetry_jws(signing_keys.own_private_key(), config)
