"""Write the FlatBuffers envelope of a car's message, and read acknowledgments.

An envelope is a table of five: 0 txid, 1 topic, 2 kind of message, 3 message,
4 message id. A stream is a table of six: 0 created at, 1 sender, 2 payload, 3 kind
of device, 4 its id, 5 delivered at. Source:
https://github.com/teslamotors/fleet-telemetry/blob/main/protos/vehicle_data.proto and
the envelope's schema beside the server.
"""

import struct
from dataclasses import dataclass

STREAM, ACKNOWLEDGMENT = 4, 5
_DEVICE_TYPE = b"vehicle_device"


class BadEnvelope(Exception):
    """Say that a frame from a server is no envelope."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold what a server sent back: for an error, `payload` tells it in words."""

    txid: bytes
    topic: bytes
    kind: int
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Message:
    """Hold what a car sends: `payload` is protobuf, of the kind that `topic` names."""

    txid: bytes
    topic: bytes
    vin: str
    payload: bytes
    created_s: int


def write_envelope(message: Message, sent_ms: int) -> bytes:
    """Return a message as one frame; `sent_ms` is when, since 1970."""
    stream = _table(
        {
            0: struct.pack("<I", message.created_s),
            1: b"vehicle_device." + message.vin.encode(),
            2: message.payload,
            3: _DEVICE_TYPE,
            4: message.vin.encode(),
            5: struct.pack("<Q", sent_ms),
        },
        plain={0, 5},
    )
    envelope = _table(
        {
            0: message.txid,
            1: message.topic,
            2: struct.pack("<B", STREAM),
            3: stream,
            4: message.txid,
        },
        plain={2},
    )
    inner, start = envelope
    # The root's offset takes eight bytes, so that everything behind stays aligned.
    return struct.pack("<II", 8 + start, 0) + inner


_Value = bytes | tuple[bytes, int]


def _table(slots: dict[int, _Value], plain: set[int]) -> tuple[bytes, int]:
    """Return the bytes of a table with all it refers to, and where it starts.

    Every block begins at a multiple of eight, and so do the numbers of eight bytes.
    """
    count = max(slots) + 1
    vtable_bytes = -(-(4 + 2 * count) // 8) * 8
    offsets, cursor = _lay_out(slots, plain)
    vtable = struct.pack(f"<{2 + count}H", 4 + 2 * count, cursor, *offsets)
    start = vtable_bytes
    body = bytearray(cursor)
    struct.pack_into("<i", body, 0, start)
    tail, tail_start = bytearray(), start + -(-cursor // 8) * 8
    for slot, value in slots.items():
        place = offsets[slot]
        if slot in plain and isinstance(value, bytes):
            body[place : place + len(value)] = value
            continue
        block, entry = value if isinstance(value, tuple) else _vector(value)
        target = tail_start + len(tail) + entry
        struct.pack_into("<I", body, place, target - (start + place))
        tail += block + bytes(-len(block) % 8)
    whole = vtable.ljust(vtable_bytes, b"\0") + bytes(body)
    return whole.ljust(tail_start, b"\0") + bytes(tail), start


def _lay_out(slots: dict[int, _Value], plain: set[int]) -> tuple[list[int], int]:
    """Return where in the table each slot stands, the widest first, and its size."""
    offsets = [0] * (max(slots) + 1)
    cursor = 8
    widths = {slot: len(slots[slot]) if slot in plain else 4 for slot in slots}
    for slot in sorted(slots, key=lambda one: -widths[one]):
        offsets[slot] = cursor
        cursor += widths[slot]
    return offsets, cursor


def _vector(content: bytes) -> tuple[bytes, int]:
    return struct.pack("<I", len(content)) + content, 0


def read_reply(frame: bytes) -> Reply:
    """Return what a server sent. Raises BadEnvelope."""
    try:
        table = struct.unpack_from("<I", frame)[0]
        kind_at = _place(frame, table, 2)
        kind = frame[kind_at] if kind_at else 0
        payload = b""
        message_at = _place(frame, table, 3)
        if kind == STREAM and message_at:
            stream = message_at + struct.unpack_from("<I", frame, message_at)[0]
            payload = _bytes(frame, stream, 2)
        return Reply(_bytes(frame, table, 0), _bytes(frame, table, 1), kind, payload)
    except (struct.error, IndexError):
        raise BadEnvelope("the frame is no envelope") from None


def _place(frame: bytes, table: int, slot: int) -> int:
    vtable = table - struct.unpack_from("<i", frame, table)[0]
    if vtable < 0:
        raise IndexError(vtable)
    size = struct.unpack_from("<H", frame, vtable)[0]
    entry = 4 + 2 * slot
    if entry + 2 > size:
        return 0
    offset: int = struct.unpack_from("<H", frame, vtable + entry)[0]
    return table + offset if offset else 0


def _bytes(frame: bytes, table: int, slot: int) -> bytes:
    place = _place(frame, table, slot)
    if not place:
        return b""
    start = place + struct.unpack_from("<I", frame, place)[0]
    length = struct.unpack_from("<I", frame, start)[0]
    found = frame[start + 4 : start + 4 + length]
    if len(found) != length:
        raise IndexError(length)
    return found
