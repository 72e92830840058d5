"""Read the signals of a payload: the library's reading, remembered piece by piece.

A record is a row of signals, and asking the library for field, kind and value of each
takes most of the time that a record takes. So what its bytes say is learned from the
library once and remembered: a signal with a flag or a choice as a whole, since there
are few of them; of one with a double all but the double. Whatever is not known, and all
that follows the signals, the library reads. Both memories are bounded; a car that sends
what nobody else does gets the library's pace.
"""

import struct
from collections.abc import Callable
from typing import Any

from tesla_protocol.telemetry import vehicle_data_pb2 as protocol

from fleet.records.record import MOST_SIGNALS, Malformed
from fleet.records.values import CONVERTERS, name_of

_SIGNAL = 0x0A  # the tag of a signal in a payload: field 1, with its length
_LONGEST = 0x7F  # the longest signal whose length is one byte
_SHORT = 12  # what is longer may hold a double
_DOUBLE = 8
_MOST_KNOWN = 8192
_FEW = {"boolean_value", "invalid", "int_value"} | {
    field.name for field in protocol.Value.DESCRIPTOR.fields if field.enum_type
}
_double: Callable[..., tuple[Any, ...]] = struct.Struct("<d").unpack_from
_parse_signal = protocol.Datum.FromString
_parse_rest = protocol.Payload.FromString
_whole: dict[bytes, tuple[str, Any]] = {}
_heads: dict[bytes, str] = {}
_known_whole, _known_head = _whole.get, _heads.get
_converter = CONVERTERS.get


def read(payload: bytes) -> tuple[dict[str, Any], Any]:
    """Return the signals of a payload by name, and the message with all the rest.

    Raises `Malformed` for too many, and the library's error for what is no payload.
    """
    values: dict[str, Any] = {}
    at, end, count = 0, len(payload) - 1, 0
    while at < end and payload[at] == _SIGNAL:
        size = payload[at + 1]
        stop = at + 2 + size
        if size > _LONGEST or stop > end + 1:
            break
        if size > _SHORT:
            name = _known_head(payload[at : stop - _DOUBLE])
            if name is None:
                name, value = _learn(payload[at:stop])
            else:
                (value,) = _double(payload, stop - _DOUBLE)
                # Only what is not finite differs from itself.
                if value - value:
                    value = None
        else:
            name, value = _known_whole(payload[at:stop]) or _learn(payload[at:stop])
        values[name] = value
        at = stop
        count += 1
    rest = _parse_rest(payload[at:])
    if count + len(rest.data) > MOST_SIGNALS:
        raise Malformed("There are more signals than fields")
    for signal in rest.data:
        name, value, _ = _read(signal)
        values[name] = value
    return values, rest


def _learn(content: bytes) -> tuple[str, Any]:
    """Read a signal with its tag and length; remember what is worth it."""
    signal = _parse_signal(content[2:])
    name, value, kind = _read(signal)
    if kind == "double_value":
        # Only in the library's own order are the last bytes the double.
        if signal.SerializeToString() == content[2:]:
            _remember(_heads, content[:-_DOUBLE], name)
    elif kind in _FEW and len(content) <= _SHORT:
        _remember(_whole, content, (name, value))
    return name, value


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
