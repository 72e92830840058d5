"""Check what cars are told to stream, as Tesla's servers do before a car sees it."""

import re
from typing import Any, TypeGuard

from cryptography import x509
from tesla_protocol.telemetry.vehicle_data_pb2 import Field

from simulator.streaming.token import AUDIENCE

LOCATION_FIELDS = frozenset(
    {
        "Location",
        "OriginLocation",
        "DestinationLocation",
        "DestinationName",
        "RouteLine",
        "GpsState",
        "GpsHeading",
    }
)
"""What needs the scope `vehicle_location`."""

_UNUSED = re.compile(r"Unknown|Deprecated_\d+|Experimental_\d+")
FIELDS = {name: number for name, number in Field.items() if not _UNUSED.fullmatch(name)}
"""The numbers of all fields that can be asked for, by name."""

_AUDIENCES = ("service", "customer", "service_fix")
_MOST_PORT = 65_535


class BadSettings(Exception):
    """Say in Tesla's words why settings are refused."""


def check_settings(config: dict[str, Any], domain: str, now_s: float) -> None:
    """Pass settings that Tesla would take. Raises BadSettings.

    A port given as text passes, as it does at Tesla; no car can use it.
    """
    _check_audience(config.get("aud"))
    _check_destination(config, domain)
    _check_fields(config.get("fields"))
    alerts = config.get("alert_types", [])
    if not isinstance(alerts, list) or not all(one in _AUDIENCES for one in alerts):
        raise BadSettings(f"alert_types must be a list of {', '.join(_AUDIENCES)}")
    exp = config.get("exp")
    if exp is not None and (not _is_whole(exp) or exp <= now_s):
        raise BadSettings("exp must be a timestamp in the future")


def asks_for_location(config: dict[str, Any]) -> bool:
    """Tell whether any field that needs the scope for positions is asked for."""
    asked = set(config["fields"])
    for wish in config["fields"].values():
        asked.update(wish.get("include_fields") or ())
    return bool(asked & LOCATION_FIELDS)


def _check_audience(aud: object) -> None:
    is_ours = aud == AUDIENCE or (
        isinstance(aud, str) and aud.startswith("com.tesla.vehicle.")
    )
    if not is_ours:
        raise BadSettings(f"aud must be {AUDIENCE}")


def _check_destination(config: dict[str, Any], domain: str) -> None:
    hostname, port, ca = (config.get(name) for name in ("hostname", "port", "ca"))
    if not isinstance(hostname, str) or not hostname:
        raise BadSettings("hostname is required")
    if root_of(hostname) != root_of(domain):
        raise BadSettings(f"hostname must match the registered domain {domain}")
    if not isinstance(port, str) and not (_is_whole(port) and 0 < port <= _MOST_PORT):
        raise BadSettings("port must be an integer")
    try:
        x509.load_pem_x509_certificates(ca.encode() if isinstance(ca, str) else b"")
    except ValueError:
        raise BadSettings("ca is not a valid PEM") from None


def root_of(host: str) -> str:
    """Return the root domain of a host name."""
    return ".".join(host.lower().split(".")[-2:])


def _check_fields(fields: object) -> None:
    if not isinstance(fields, dict):
        raise BadSettings("fields is required")
    for name, wish in fields.items():
        _check_name(name)
        if not isinstance(wish, dict):
            raise BadSettings(f"field {name} must be an object")
        interval_s = wish.get("interval_seconds")
        if not _is_whole(interval_s) or interval_s < 1:
            raise BadSettings(f"interval_seconds of {name} must be an integer")
        _check_wish(name, wish)


def _check_wish(name: str, wish: dict[str, Any]) -> None:
    resend_s = wish.get("resend_interval_seconds")
    if resend_s is not None and (not _is_whole(resend_s) or resend_s < 1):
        raise BadSettings(f"resend_interval_seconds of {name} must be an integer")
    delta = wish.get("minimum_delta")
    if delta is not None and (
        isinstance(delta, bool) or not isinstance(delta, int | float) or delta < 0
    ):
        raise BadSettings(f"minimum_delta of {name} must be a number")
    others = wish.get("include_fields")
    if others is None:
        return
    if not isinstance(others, list):
        raise BadSettings(f"include_fields of {name} must be a list")
    for other in others:
        _check_name(other)


def _check_name(name: object) -> None:
    if name not in FIELDS:
        raise BadSettings(f"Unknown field {name}")


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
