"""Turn a value of Tesla's protocol into the value that programs are told.

What counts is the kind of a value, never the name of its field: firmwares change
kinds. The normal form: numbers and booleans are typed, `invalid` is None, enums are
their full names but for the charge state (`Idle`), a time of day is `07:30:00`,
moments are whole numbers since 1970, places, doors and tires are objects.
"""

import math
import re
import struct
from collections.abc import Callable, Mapping
from typing import Any

from tesla_protocol.telemetry import vehicle_data_pb2 as protocol

_CHARGE_STATE = "ChargeState"
_PLACE = re.compile(r"\((-?\d+(?:\.\d+)?) ([NS]), ?(-?\d+(?:\.\d+)?) ([EW])\)\Z")
_SCIENTIFIC = re.compile(r"[+-]?(?:\d*\.\d+|\d+\.\d*)[eE][+-]?\d+\Z", re.ASCII)
_FLOAT = struct.Struct("<f")


def name_of(number: int) -> str:
    """Return a field's name; one that the protocol does not know is `Field_299`."""
    return NAMES.get(number) or f"Field_{number}"


def text(value: str) -> Any:
    """Return a text, or what old firmwares meant by it.

    A place in degrees becomes an object, a number in scientific notation a plain one,
    as Tesla's own server does it.
    """
    if "(" in value:
        found = _PLACE.match(value)
        if found:
            latitude, north, longitude, east = found.groups()
            return {
                "latitude": float(latitude) * (1 if north == "N" else -1),
                "longitude": float(longitude) * (1 if east == "E" else -1),
            }
    elif "." in value and _SCIENTIFIC.match(value):
        try:
            return f"{_FLOAT.unpack(_FLOAT.pack(float(value)))[0]:.5f}"
        except OverflowError:
            return value
    return value


def finite(value: float) -> float | None:
    """Return a number, None where it is not one."""
    return value if math.isfinite(value) else None


def single(value: float) -> float | None:
    """Return the shortest number that is this one in single precision.

    What a car means by 22.3 arrives as 22.299999237060547.
    """
    if not math.isfinite(value):
        return None
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        try:
            if _FLOAT.unpack(_FLOAT.pack(short))[0] == value:
                return short
        except OverflowError:
            continue
    return float(f"{value:.9g}")


def place(latitude: float, longitude: float) -> dict[str, float | None]:
    """Return a place in degrees."""
    return {"latitude": finite(latitude), "longitude": finite(longitude)}


def doors(value: Any) -> dict[str, bool]:
    """Return which doors are open."""
    return {name: getattr(value, name) for name in _DOORS}


def tires(value: Any) -> dict[str, bool]:
    """Return which tires are meant."""
    return {name: getattr(value, attribute) for attribute, name in _TIRES}


def time_of_day(value: Any) -> str:
    """Return a time of day."""
    return f"{value.hour:02d}:{value.minute:02d}:{value.second:02d}"


def _nothing(_value: Any) -> None:
    return None


def _named(kind: str, names: Mapping[int, str]) -> Callable[[int], Any]:
    if kind == "charging_value":
        names = {
            number: name.removeprefix(_CHARGE_STATE) for number, name in names.items()
        }
    return lambda value: names.get(value, value)


def _converters() -> dict[str, Callable[[Any], Any]]:
    found: dict[str, Callable[[Any], Any]] = {
        "string_value": text,
        "float_value": single,
        "double_value": finite,
        "invalid": _nothing,
        "location_value": lambda value: place(value.latitude, value.longitude),
        "door_value": doors,
        "tire_location_value": tires,
        "time_value": time_of_day,
    }
    for field in protocol.Value.DESCRIPTOR.fields:
        if field.enum_type is not None:
            names = {value.number: value.name for value in field.enum_type.values}
            found[field.name] = _named(field.name, names)
    return found


NAMES: Mapping[int, str] = {
    number: name for name, number in protocol.Field.items() if number
}
"""The fields' names by number."""
_DOORS = tuple(field.name for field in protocol.Doors.DESCRIPTOR.fields)
_TIRES = tuple(
    (field.name, field.json_name) for field in protocol.TireLocation.DESCRIPTOR.fields
)
CONVERTERS: Mapping[str, Callable[[Any], Any]] = _converters()
"""What to do with a value of a kind; of a kind that is absent, nothing."""
