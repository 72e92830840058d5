"""Serialize what a signature covers beside the message itself."""

from enum import IntEnum

_END = b"\xff"


class Tag(IntEnum):
    """Number what is signed along. Source: `signatures.proto` of the protocol."""

    SIGNATURE_TYPE = 0
    DOMAIN = 1
    PERSONALIZATION = 2
    EPOCH = 3
    EXPIRES_AT = 4
    COUNTER = 5
    CHALLENGE = 6
    FLAGS = 7
    REQUEST_HASH = 8
    FAULT = 9


class SignatureType(IntEnum):
    """Number the ways of signing that this package makes or checks."""

    HMAC = 6
    HMAC_PERSONALIZED = 8
    AES_GCM_RESPONSE = 9


def number(value: int) -> bytes:
    """Return a number as four bytes, the highest first. OverflowError beyond them."""
    return value.to_bytes(4, "big")


def serialize(items: dict[Tag, bytes]) -> bytes:
    """Return tag, length and value of each item, and an end.

    The items are in the order of their tags. ValueError for a value of more
    than 255 bytes, or another order.
    """
    parts = bytearray()
    last = -1
    for tag, value in items.items():
        if tag <= last:
            raise ValueError("metadata goes in the order of its tags")
        last = tag
        parts.append(tag)
        parts.append(len(value))
        parts += value
    parts += _END
    return bytes(parts)
