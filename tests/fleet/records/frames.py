"""Make frames and payloads as cars do, with the libraries that ours must agree with."""

from collections.abc import Callable
from typing import Any

import flatbuffers
from flatbuffers import number_types, table
from google.protobuf import json_format
from google.protobuf.message import Message
from tesla_protocol.telemetry import vehicle_data_pb2 as protocol

VIN = "5YJ3E1EA4PF000001"
AT_MS = 1_767_225_600_983


def frame(
    payload: bytes,
    *,
    txid: bytes = b"txid-1",
    topic: bytes = b"V",
    message_id: bytes = b"",
    kind: int = 4,
    created_at_s: int = 1_767_225_600,
    sender_id: bytes = b"vehicle_device." + VIN.encode(),
) -> bytes:
    """Return an envelope as the library writes it."""
    builder = flatbuffers.Builder(0)
    payload_at = builder.CreateByteVector(payload)
    sender_at = builder.CreateByteVector(sender_id)
    device_at = builder.CreateByteVector(b"vehicle_device")
    builder.StartObject(6)
    builder.PrependUint32Slot(0, created_at_s, 0)
    builder.PrependUOffsetTRelativeSlot(1, sender_at, 0)
    builder.PrependUOffsetTRelativeSlot(2, payload_at, 0)
    builder.PrependUOffsetTRelativeSlot(3, device_at, 0)
    message = builder.EndObject()
    ids = [builder.CreateByteVector(one) for one in (txid, topic, message_id)]
    builder.StartObject(5)
    builder.PrependUOffsetTRelativeSlot(0, ids[0], 0)
    builder.PrependUOffsetTRelativeSlot(1, ids[1], 0)
    builder.PrependUint8Slot(2, kind, 0)
    builder.PrependUOffsetTRelativeSlot(3, message, 0)
    builder.PrependUOffsetTRelativeSlot(4, ids[2], 0)
    builder.Finish(builder.EndObject())
    return bytes(builder.Output())


def opened(written: bytes) -> tuple[bytes, bytes, int, table.Table, bytes]:
    """Return txid, topic, union tag, message and message id, as the library reads."""
    root = int.from_bytes(written[:4], "little")
    envelope = table.Table(bytearray(written), root)
    kind = envelope.Get(number_types.Uint8Flags, root + int(envelope.Offset(8)))
    message = table.Table(bytearray(written), 0)
    envelope.Union(message, int(envelope.Offset(10)))
    return (
        vector(envelope, 4),
        vector(envelope, 6),
        int(kind),
        message,
        vector(envelope, 12),
    )


def vector(held: table.Table, slot: int) -> bytes:
    """Return a table's vector of bytes, as the library reads it."""
    offset = int(held.Offset(slot))
    if not offset:
        return b""
    start = int(held.Vector(offset))
    return bytes(held.Bytes[start : start + int(held.VectorLen(offset))])


def data(
    *fill: tuple[int, Callable[[Any], object]],
    at_ms: int = AT_MS,
    vin: str = VIN,
    is_resend: bool = False,
) -> protocol.Payload:
    """Return a payload of signals: each a field's number and who fills its value."""
    payload = protocol.Payload(vin=vin, is_resend=is_resend)
    payload.created_at.seconds, payload.created_at.nanos = stamp(at_ms)
    for key, put in fill:
        datum = payload.data.add(key=key)
        put(datum.value)
    return payload


def value(**kinds: Any) -> Callable[[Any], object]:
    """Return who fills a value with a kind of this name."""

    def put(held: Any) -> None:
        held.MergeFrom(protocol.Value(**kinds))

    return put


def stamp(at_ms: int) -> tuple[int, int]:
    """Return seconds and nanoseconds of a moment in ms."""
    return at_ms // 1000, at_ms % 1000 * 1_000_000


def as_json(message: Message) -> bytes:
    """Return a message as Tesla's own server publishes it."""
    return json_format.MessageToJson(
        message, always_print_fields_with_no_presence=True, indent=None
    ).encode()
