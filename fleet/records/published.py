"""Read the records that Tesla's own server publishes: protobuf's JSON form.

Its channels are named `<namespace>_<topic>_{<VIN>}`.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tesla_protocol.telemetry import vehicle_data_pb2 as protocol

from fleet.records import values
from fleet.records.record import (
    MOST_SIGNALS,
    Malformed,
    Record,
    Topic,
    plausible,
    text_of,
)

_MOST = 2**63
_CHANNEL = re.compile(r"_(V|alerts|errors|connectivity)_\{([A-Z0-9-]{1,64})\}\Z")
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z\Z", re.ASCII
)


def read(channel: str, document: bytes, otherwise_ms: int) -> Record:
    """Return the record published on a channel; the channel says whose it is.

    `otherwise_ms` stands for a moment that is not said. Raises `Malformed`.
    """
    named = _CHANNEL.search(channel)
    if named is None:
        raise Malformed("The channel is none of Tesla's server")
    try:
        message = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise Malformed("The record is not JSON") from error
    if not isinstance(message, dict):
        raise Malformed("The record is no object")
    topic, vin = Topic(named[1]), named[2]
    at_ms = _moment(message.get("createdAt"), otherwise_ms)
    if topic is Topic.DATA:
        is_resend = message.get("isResend") is True
        return Record(vin, topic, at_ms, _values(message), is_resend=is_resend)
    if topic is Topic.CONNECTIVITY:
        return Record(
            vin,
            topic,
            at_ms,
            network_interface=_text(message.get("networkInterface")),
            is_connected=message.get("status") == "CONNECTED",
            connection_id=_text(message.get("connectionId")),
        )
    shape = _alert if topic is Topic.ALERTS else _error
    items = [shape(item, at_ms) for item in _objects(message.get(str(topic)))]
    return Record(vin, topic, at_ms, items=items)


def _values(message: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    data = _objects(message.get("data"))
    if len(data) > MOST_SIGNALS:
        raise Malformed("There are more signals than fields")
    for datum in data:
        key = datum.get("key")
        if isinstance(key, int) and not isinstance(key, bool):
            key = values.name_of(key)
        if not isinstance(key, str):
            raise Malformed("A signal has no name")
        # The first of a field's numbers is nobody's: "Unknown".
        key = "Field_0" if key == "Unknown" else key
        found[key] = _value(datum.get("value"))
    return found


def _value(held: Any) -> Any:
    if not isinstance(held, dict) or not held:
        return None
    kind, value = next(iter(held.items()))
    convert = _KINDS.get(kind, _scalar)
    return convert(value)


def _scalar(value: Any) -> Any:
    """Return an enum's name, a boolean, or what kinds of the future hold."""
    return value if isinstance(value, bool | int | float | str) else None


def _nothing(_value: Any) -> None:
    return None


def _string(value: Any) -> Any:
    return values.text(_text(value))


def _charge_state(value: Any) -> Any:
    return _text(value).removeprefix("ChargeState") or _scalar(value)


def _place(value: Any) -> dict[str, Any]:
    found = _object(value)
    return {
        "latitude": _number(found.get("latitude", 0)),
        "longitude": _number(found.get("longitude", 0)),
    }


def _doors(value: Any) -> dict[str, bool]:
    found = _object(value)
    names = (field.name for field in protocol.Doors.DESCRIPTOR.fields)
    return {name: found.get(name) is True for name in names}


def _tires(value: Any) -> dict[str, bool]:
    found = _object(value)
    names = (field.json_name for field in protocol.TireLocation.DESCRIPTOR.fields)
    return {name: found.get(name) is True for name in names}


def _time_of_day(value: Any) -> str:
    found = _object(value)
    parts = (_whole(found.get(name, 0)) or 0 for name in ("hour", "minute", "second"))
    return ":".join(f"{part:02d}" for part in parts)


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed("A value is no object")
    return value


def _whole(value: Any) -> int | None:
    """Return a whole number of at most 64 bits; longs are written as text."""
    try:
        number = None if isinstance(value, bool) else int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and -_MOST <= number < _MOST else None


def _number(value: Any) -> float | None:
    """Return a number, None for `"NaN"` and `"Infinity"`."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "invalid": _nothing,
    "stringValue": _string,
    "intValue": _whole,
    "longValue": _whole,
    "floatValue": _number,
    "doubleValue": _number,
    "chargingValue": _charge_state,
    "locationValue": _place,
    "doorValue": _doors,
    "tireLocationValue": _tires,
    "timeValue": _time_of_day,
}


def _alert(item: Mapping[str, Any], _at_ms: int) -> dict[str, Any]:
    audiences = item.get("audiences")
    found: dict[str, Any] = {
        "name": _text(item.get("name")),
        "audiences": audiences if isinstance(audiences, list) else [],
    }
    for name in ("startedAt", "endedAt"):
        if item.get(name) is not None:
            found[name] = text_of(_moment(item[name], 0))
    return found


def _error(item: Mapping[str, Any], at_ms: int) -> dict[str, Any]:
    tags = item.get("tags")
    return {
        "createdAt": text_of(_moment(item.get("createdAt"), at_ms)),
        "name": _text(item.get("name")),
        "tags": tags if isinstance(tags, dict) else {},
        "body": _text(item.get("body")),
    }


def _objects(items: Any) -> list[dict[str, Any]]:
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        raise Malformed("A list is none")
    return items


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _moment(value: Any, otherwise_ms: int) -> int:
    found = _MOMENT.match(value) if isinstance(value, str) else None
    if found is None:
        return otherwise_ms
    numbers = [int(part) for part in found.groups()[:6]]
    try:
        moment = datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type, misc]  # six
    except ValueError:
        return otherwise_ms
    thousandths = int((found[7] or "").ljust(3, "0")[:3])
    return plausible(int(moment.timestamp()) * 1000 + thousandths, otherwise_ms)
