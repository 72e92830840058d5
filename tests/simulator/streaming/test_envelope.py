"""Envelopes, against the library that made the format."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from simulator.streaming.envelope import (
    BadEnvelope,
    Message,
    Reply,
    read_reply,
    write_envelope,
)
from tests.simulator.streaming.server import acknowledgment, read_frame, reply

VIN = "5YJ3E1EA0NF000001"
NAMES = {"issuer": "", "subject": ""}


@given(
    txid=st.binary(max_size=40),
    payload_size=st.integers(0, 30),
    created_s=st.integers(0, 2**32 - 1),
    sent_ms=st.integers(1, 2**63),
)
def test_the_library_reads_what_we_write(
    txid: bytes, payload_size: int, created_s: int, sent_ms: int
) -> None:
    # A length-delimited field of protobuf that no record knows.
    payload = bytes([0x7A, payload_size]) + bytes(payload_size)
    frame = write_envelope(Message(txid, b"V", VIN, payload, created_s), sent_ms)

    found = read_frame(frame, NAMES, {})
    assert (found.txid, found.topic, found.device_id) == (txid, "V", VIN)
    assert found.record.SerializeToString() == payload
    assert (found.created_s, found.sent_ms) == (created_s, sent_ms)
    assert found.sender == f"vehicle_device.{VIN}"


@given(txid=st.binary(max_size=40), topic=st.sampled_from(["V", "alerts"]))
def test_we_read_what_the_library_writes(txid: bytes, topic: str) -> None:
    assert read_reply(acknowledgment(txid, topic)) == Reply(txid, topic.encode(), 5)
    told = read_reply(reply(txid, topic, 4, b"too fast"))
    assert told == Reply(txid, topic.encode(), 4, b"too fast")


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        # A table of no slots at all.
        (
            b"\x08\0\0\0" + b"\x04\0\x04\0" + b"\x04\0\0\0",
            Reply(b"", b"", 0),
        ),
        # A vtable that would begin before the frame.
        (b"\x04\0\0\0" + b"\x09\0\0\0", None),
        # A text that ends behind the frame.
        (
            b"\x0c\0\0\0" + b"\x06\0\x08\0\x04\0\0\0" + b"\x08\0\0\0"
            b"\x04\0\0\0" + b"\x09\0\0\0" + b"short",
            None,
        ),
    ],
)
def test_strange_frames_are_bounded(frame: bytes, found: Reply | None) -> None:
    if found is not None:
        assert read_reply(frame) == found
        return
    with pytest.raises(BadEnvelope):
        read_reply(frame)


@given(junk=st.binary(max_size=80))
def test_junk_is_an_envelope_or_refused(junk: bytes) -> None:
    with suppress(BadEnvelope):
        assert isinstance(read_reply(junk), Reply)


@pytest.mark.parametrize("length", [0, 3, 7, 20, 40])
def test_a_cut_frame_is_refused(length: int) -> None:
    with pytest.raises(BadEnvelope):
        read_reply(acknowledgment(b"0123456789" * 4, "V")[:length])
