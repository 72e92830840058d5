"""Write an event as an endpoint wants it.

Source: the public description of Teslemetry's webhooks. Where a format knows only
signals, other events keep the stream's own JSON.
"""

from datetime import UTC, datetime
from typing import Any

import orjson

from webhooks.models import Endpoint

MOST_BYTES = 256 * 1024
_TESLA, _SPLUNK = Endpoint.Format.TESLA.value, Endpoint.Format.SPLUNK.value
_LOCATION = {"latitude", "longitude"}


def write(kind_of_format: str, topic: str, body: bytes, host: str) -> bytes:
    """Return the body to send; `host` names this instance where a format asks.

    The same event always gives the same bytes.
    """
    if kind_of_format == _TESLA and topic == "data":
        return _tesla(orjson.loads(body))
    if kind_of_format == _SPLUNK:
        return _splunk(orjson.loads(body), topic, host)
    return body


def join(kind_of_format: str, bodies: list[bytes]) -> bytes:
    """Return one body for several: a JSON array, for Splunk one behind the other."""
    if kind_of_format == _SPLUNK:
        return b"".join(bodies)
    return b"[%b]" % b",".join(bodies)


def _tesla(event: dict[str, Any]) -> bytes:
    signals = event["data"].items()
    written = [{"key": key, "value": _typed(value)} for key, value in signals]
    return orjson.dumps(
        {"data": written, "createdAt": event["createdAt"], "vin": event["vin"]}
    )


def _typed(value: Any) -> dict[str, Any]:
    if value is None:
        return {"invalid": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"intValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, dict):
        return _object(value)
    return {"stringValue": value if isinstance(value, str) else _text(value)}


def _object(value: dict[str, Any]) -> dict[str, Any]:
    if set(value) == _LOCATION:
        return {"locationValue": value}
    if "DriverFront" in value:
        return {"doorValue": value}
    if "frontLeft" in value:
        return {"tireLocationValue": value}
    return {"stringValue": _text(value)}


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()


def _splunk(event: dict[str, Any], topic: str, host: str) -> bytes:
    created_at = datetime.fromisoformat(event.pop("createdAt")).astimezone(UTC)
    source = str(event.pop("vin", "") or "keyfob")
    told = event["data"] if topic == "data" else event
    return orjson.dumps(
        {"time": created_at.timestamp(), "host": host, "source": source, "event": told}
    )
