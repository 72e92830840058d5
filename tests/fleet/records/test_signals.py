"""What is remembered of signals says what the library says, whatever bytes come."""

import struct
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, strategies as st
from tesla_protocol.telemetry import vehicle_data_pb2 as protocol

from fleet.records import signals
from fleet.records.record import MOST_SIGNALS, Malformed
from tests.fleet.records import frames

# An empty moment before the signals changes nothing, but the library reads them then.
_SLOWLY = b"\x12\x00"
_NUMBERS = st.floats() | st.sampled_from([0.0, -0.0, 1.0])
_PLACES = st.builds(protocol.LocationValue, latitude=_NUMBERS, longitude=_NUMBERS)
_VALUES = (
    st.builds(protocol.Value, double_value=_NUMBERS)
    | st.builds(protocol.Value, float_value=st.floats(width=32))
    | st.builds(protocol.Value, location_value=_PLACES)
    | st.builds(protocol.Value, boolean_value=st.booleans())
    | st.builds(protocol.Value, int_value=st.integers(-(2**31), 2**31 - 1))
    | st.builds(protocol.Value, string_value=st.text(max_size=150))
    | st.builds(protocol.Value, string_value=st.just("(30.2 N, 97.6 W)"))
    | st.builds(protocol.Value, shift_state_value=st.integers(0, 300))
    | st.builds(protocol.Value, invalid=st.booleans())
    | st.builds(protocol.Value)
)
_SIGNALS = st.builds(
    protocol.Datum,
    key=st.sampled_from([0, 8, 21, 127, 128, 200, 299, 70_000, 2**31 - 1, -1]),
    value=_VALUES,
)
_MORE = st.sampled_from([b"", b"\x19" + bytes(8), b"\x12\x02\x88\x01", b"\x08\x05"])


def _both(payload: bytes) -> None:
    """Check twice, since the first time teaches the second."""
    for _ in range(2):
        assert _outcome(payload) == _outcome(_SLOWLY + payload)


def _outcome(payload: bytes) -> Any:
    try:
        values, rest = signals.read(payload)
    except DecodeError:
        return DecodeError
    return repr(values), rest.vin, rest.created_at


@given(st.lists(st.tuples(_SIGNALS, _MORE), max_size=6))
def test_remembered_signals_are_read_alike(found: list[tuple[Any, bytes]]) -> None:
    payload = b""
    for signal, more in found:
        content = signal.SerializeToString() + more
        length = protocol.Payload(vin="x" * len(content)).SerializeToString()[1:]
        payload += b"\x0a" + length[: -len(content) or None] + content
    _both(payload + protocol.Payload(vin=frames.VIN).SerializeToString())


@given(st.integers(0, 60), st.binary(max_size=4))
def test_damaged_signals_are_read_alike(at: int, damage: bytes) -> None:
    place = protocol.LocationValue(latitude=30.2, longitude=-97.6)
    found = protocol.Payload(vin=frames.VIN)
    found.data.add(key=8, value=protocol.Value(double_value=81.5))
    found.data.add(key=21, value=protocol.Value(location_value=place))
    found.data.add(key=10, value=protocol.Value(shift_state_value=2))
    whole = found.SerializeToString()
    _both(whole)
    _both(whole[:at] + damage + whole[at + len(damage) :])
    _both(whole[:at])


def test_what_follows_a_double_is_not_taken_for_it() -> None:
    plain = protocol.Datum(
        key=8, value=protocol.Value(double_value=1.5)
    ).SerializeToString()
    more = plain + b"\x19" + struct.pack("<d", 9.5)
    for content in (more, more, plain):
        assert signals.read(b"\x0a%c%b" % (len(content), content))[0] == {"Soc": 1.5}


def test_memory_is_bounded() -> None:
    for key in range(300, 9000):
        datum = protocol.Datum(key=key, value=protocol.Value(boolean_value=True))
        content = datum.SerializeToString()
        found, _ = signals.read(b"\x0a%c%b" % (len(content), content))
        assert found == {f"Field_{key}": True}


def test_too_many_signals_are_refused() -> None:
    with pytest.raises(Malformed):
        signals.read(b"\x0a\x00" * (MOST_SIGNALS + 1))
    assert signals.read(b"\x0a\x00" * MOST_SIGNALS)[0] == {"Field_0": None}
