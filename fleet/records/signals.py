"""Read the signals of a payload: the library's reading, remembered piece by piece.

A record is a row of signals, and asking the library for field, kind and value of each
takes most of the time that a record takes. So what its bytes say is learned from the
library once and remembered: a signal with a flag, a choice or a text as a whole, since
there are few of them; of one with a double or a place all but the numbers. Whatever is
not known, and all that follows the signals, the library reads. The memories are bounded;
a car that sends what nobody else does gets the library's pace.
"""

import struct
from collections.abc import Callable
from typing import Any

from tesla_protocol.telemetry import vehicle_data_pb2 as protocol

from fleet.records.record import MOST_SIGNALS, Malformed
from fleet.records.values import CONVERTERS, name_of, place

_SIGNAL = 0x0A  # the tag of a signal in a payload: field 1, with its length
_LONGEST = 0x7F  # the longest signal whose length is one byte
_SHORT = 12  # what is longer may end with a double
_DOUBLE = 8
_PLACE = 17  # a double, the tag of another, that other
_LONGITUDE = 0x11
_MOST_KNOWN = 8192
# A signal has two bytes at least, so that there are never too many in these.
_MOST_BYTES = 2 * MOST_SIGNALS
_FEW = {"boolean_value", "invalid", "int_value", "string_value"} | {
    field.name for field in protocol.Value.DESCRIPTOR.fields if field.enum_type
}
_double: Callable[..., tuple[Any, ...]] = struct.Struct("<d").unpack_from
_place: Callable[..., tuple[Any, ...]] = struct.Struct("<dxd").unpack_from
_parse_signal = protocol.Datum.FromString
_parse_rest = protocol.Payload.FromString
_whole: dict[bytes, tuple[str, Any]] = {}
_doubles: dict[bytes, str] = {}
_places: dict[bytes, str] = {}
_known_whole, _known_double = _whole.get, _doubles.get
_converter = CONVERTERS.get


def read(payload: bytes) -> tuple[dict[str, Any], Any]:
    """Return the signals of a payload by name, and the message with all the rest.

    Raises `Malformed` for too many, and the library's error for what is no payload.
    """
    values: dict[str, Any] = {}
    value: Any
    at, end = 0, len(payload)
    last = end - 1 if end <= _MOST_BYTES else 0
    while at < last and payload[at] == _SIGNAL:
        size = payload[at + 1]
        stop = at + 2 + size
        if size > _LONGEST or stop > end:
            break
        if size > _SHORT and (name := _known_double(payload[at : stop - _DOUBLE])):
            value = _double(payload, stop - _DOUBLE)[0]
            # Only what is not finite differs from itself.
            values[name] = None if value - value else value
        else:
            content = payload[at:stop]
            name, value = _known_whole(content) or _learn(content)
            values[name] = value
        at = stop
    rest = _parse_rest(payload[at:] if at else payload)
    if len(rest.data) > MOST_SIGNALS:
        raise Malformed("There are more signals than fields")
    for signal in rest.data:
        name, value, _ = _read(signal)
        values[name] = value
    return values, rest


def _learn(content: bytes) -> tuple[str, Any]:
    """Read a signal with its tag and length; remember what is worth it."""
    known = _places.get(content[:-_PLACE])
    if known and content[-_DOUBLE - 1] == _LONGITUDE:
        latitude, longitude = _place(content, len(content) - _PLACE)
        return known, place(latitude, longitude)
    signal = _parse_signal(content[2:])
    name, value, kind = _read(signal)
    if kind == "double_value":
        if _is_plain(signal, content):
            _remember(_doubles, content[:-_DOUBLE], name)
    elif kind == "location_value":
        # A zero is left out, and then the numbers lie elsewhere.
        if all(value.values()) and _is_plain(signal, content):
            _remember(_places, content[:-_PLACE], name)
    elif kind in _FEW and not isinstance(value, dict):
        _remember(_whole, content, (name, value))
    return name, value


def _is_plain(signal: Any, content: bytes) -> bool:
    """Tell whether a signal holds its value last, and nothing that is unknown."""
    signal.DiscardUnknownFields()
    return bool(signal.SerializeToString() == content[2:])


def _remember(known: dict[bytes, Any], key: bytes, value: Any) -> None:
    if len(known) >= _MOST_KNOWN:
        known.clear()
    known[key] = value


def _read(signal: Any) -> tuple[str, Any, str | None]:
    """Return name, value and kind of a signal."""
    held = signal.value
    kind: str | None = held.WhichOneof("value")
    value: Any = None
    if kind is not None:
        value = getattr(held, kind)
        convert = _converter(kind)
        if convert is not None:
            value = convert(value)
    return name_of(signal.key), value, kind
