"""Read and write the FlatBuffers envelope in which cars and servers talk.

The library's reader takes hundreds of times as long. This one knows two tables only,
follows no offset that it has not checked, and remembers the layouts (vtables) that it
has seen, since all frames of a firmware share them. Source: the wire protocol of
Tesla's fleet-telemetry server.
"""

import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from fleet.records.record import Malformed

MOST_BYTES = 1_000_000
_MOST_NAME_BYTES = 256
_STREAM, _ACK = 4, 5
_TXID, _TOPIC, _TYPE, _MESSAGE, _MESSAGE_ID = range(5)
_CREATED_AT, _SENDER_ID, _PAYLOAD = range(3)
_MOST_SLOTS = 6
_MOST_LAYOUTS = 256
_MOST_TEMPLATES = 256

_u8: Callable[..., tuple[Any, ...]] = struct.Struct("<B").unpack_from
_u16: Callable[..., tuple[Any, ...]] = struct.Struct("<H").unpack_from
_u32: Callable[..., tuple[Any, ...]] = struct.Struct("<I").unpack_from
_i32: Callable[..., tuple[Any, ...]] = struct.Struct("<i").unpack_from
_layouts: dict[bytes, tuple[int, ...]] = {}
_templates: dict[tuple[int, bytes], tuple[bytes, bytes]] = {}


class Envelope(NamedTuple):
    """One message of a car. `created_at_s` is 0 where it was not said."""

    txid: bytes
    topic: bytes
    message_id: bytes
    sender_id: bytes
    payload: bytes
    created_at_s: int


def read(frame: bytes) -> Envelope:
    """Return the message in a frame.

    Raises `Malformed` for anything but a whole envelope with a stream message.
    """
    if len(frame) > MOST_BYTES:
        raise Malformed("The frame is too long")
    try:
        root = _u32(frame, 0)[0]
        outer = _layout(frame, root)
        if not outer[_TYPE] or _u8(frame, root + outer[_TYPE])[0] != _STREAM:
            raise Malformed("The envelope holds no stream message")
        if not outer[_MESSAGE]:
            raise Malformed("The envelope is empty")
        message = root + outer[_MESSAGE]
        message += _u32(frame, message)[0]
        inner = _layout(frame, message)
        created_at = inner[_CREATED_AT]
        txid = _vector(frame, root, outer[_TXID])
        topic = _vector(frame, root, outer[_TOPIC])
        if len(txid) > _MOST_NAME_BYTES or len(topic) > _MOST_NAME_BYTES:
            raise Malformed("A name is too long")
        return Envelope(
            txid,
            topic,
            _vector(frame, root, outer[_MESSAGE_ID]),
            _vector(frame, message, inner[_SENDER_ID]),
            _vector(frame, message, inner[_PAYLOAD]),
            _u32(frame, message + created_at)[0] if created_at else 0,
        )
    except struct.error as error:
        raise Malformed("An offset points outside of the frame") from error


def txid_of(frame: bytes) -> bytes:
    """Return the id of a frame whose message cannot be read, empty where it has none."""
    try:
        root = _u32(frame, 0)[0]
        return _vector(frame, root, _layout(frame, root)[_TXID])[:_MOST_NAME_BYTES]
    except (struct.error, Malformed):
        return b""


def acknowledgment(txid: bytes, topic: bytes) -> bytes:
    """Return the frame that tells a car that a record is safe."""
    key = len(txid), topic
    template = _templates.get(key)
    if template is None:
        if len(_templates) >= _MOST_TEMPLATES:
            _templates.clear()
        # The id lies between a head and a tail that depend on its length alone.
        whole = _envelope(bytes(len(txid)), topic, _ACK, _EMPTY_TABLE)
        start = _FIRST_VECTOR + 4
        template = whole[:start], whole[start + len(txid) :]
        _templates[key] = template
    return template[0] + txid + template[1]


def refusal(txid: bytes, words: bytes) -> bytes:
    """Return the frame that tells a car that a record cannot be read."""
    return _envelope(txid, b"", _STREAM, _stream_table(words))


def _layout(frame: bytes, table: int) -> tuple[int, ...]:
    """Return where a table's fields lie, counted from its start; 0 for absent ones."""
    vtable = table - _i32(frame, table)[0]
    if vtable < 0:
        raise Malformed("A layout lies before the frame")
    key = frame[vtable : vtable + _u16(frame, vtable)[0]]
    known = _layouts.get(key)
    return _learn(key) if known is None else known


def _learn(key: bytes) -> tuple[int, ...]:
    size = len(key)
    if size < 4 or size % 2 or _u16(key, 0)[0] != size:
        raise Malformed("A layout is none")
    count = size // 2
    slots = (struct.unpack(f"<{count}H", key)[2:] + (0,) * _MOST_SLOTS)[:_MOST_SLOTS]
    if len(_layouts) >= _MOST_LAYOUTS:
        _layouts.clear()
    if size <= 64:
        _layouts[key] = slots
    return slots


def _vector(frame: bytes, table: int, slot: int) -> bytes:
    if not slot:
        return b""
    start = table + slot
    start += _u32(frame, start)[0]
    end = start + 4 + _u32(frame, start)[0]
    if end > len(frame):
        raise Malformed("A vector ends after the frame")
    return frame[start + 4 : end]


# What we write: the root's offset, two bytes of padding, the envelope's layout, the
# envelope; then id, topic, message id and message, each at a multiple of four.
_HEAD = struct.pack("<I2x7H", 20, 14, 24, 4, 8, 20, 12, 16)
_FIRST_VECTOR = len(_HEAD) + 24
_EMPTY_TABLE = struct.pack("<HHi", 4, 4, 4), 4


def _envelope(
    txid: bytes, topic: bytes, kind: int, message: tuple[bytes, int]
) -> bytes:
    """Write an envelope; `message` is a table's bytes and where in them it starts."""
    parts = [_packed(txid), _packed(topic), _packed(b"")]
    places = [_FIRST_VECTOR]
    for part in parts:
        places.append(places[-1] + len(part))
    table = len(_HEAD)
    body = struct.pack(
        "<iIIIIB3x",
        14,
        places[0] - (table + 4),
        places[1] - (table + 8),
        places[3] + message[1] - (table + 12),
        places[2] - (table + 16),
        kind,
    )
    return b"".join([_HEAD, body, *parts, message[0]])


def _stream_table(payload: bytes) -> tuple[bytes, int]:
    """Write a stream message with a payload alone."""
    layout = struct.pack("<2x5H", 10, 8, 0, 0, 4)
    return layout + struct.pack("<iI", 10, 4) + _packed(payload), len(layout)


def _packed(content: bytes) -> bytes:
    padding = -len(content) % 4
    return struct.pack("<I", len(content)) + content + bytes(padding)
