"""Check Schnorr signatures over P-256, as a car does with its streaming settings.

Source: https://github.com/teslamotors/vehicle-command/tree/main/internal/schnorr
"""

import hashlib

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_POINT_BYTES = 65
_SIGNATURE_BYTES = 96

_Point = tuple[int, int] | None
"""Affine coordinates; None is the point at infinity."""


def is_signed(public_point: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether 96 bytes sign a message with the key of an uncompressed point."""
    key = read_point(public_point)
    if key is None or len(signature) != _SIGNATURE_BYTES:
        return False
    commitment = b"\x04" + signature[:64]
    response = int.from_bytes(signature[64:])
    if response >= _N or read_point(commitment) is None:
        return False
    challenge = _challenge(commitment, public_point, message)
    return _combine(challenge, key, response) == read_point(commitment)


def read_point(encoded: bytes) -> _Point:
    """Return the point of 65 bytes, uncompressed, or None when there is none."""
    if len(encoded) != _POINT_BYTES or encoded[0] != 4:
        return None
    x, y = int.from_bytes(encoded[1:33]), int.from_bytes(encoded[33:])
    is_on_curve = (y * y - (x * x * x - 3 * x + _B)) % _P == 0
    return (x, y) if is_on_curve and x < _P and y < _P else None


def _challenge(commitment: bytes, public_point: bytes, message: bytes) -> int:
    generator = b"\x04" + _G[0].to_bytes(32) + _G[1].to_bytes(32)
    told = b"".join(
        len(item).to_bytes(4) + item
        for item in (generator, commitment, public_point, message)
    )
    return int.from_bytes(hashlib.sha256(told).digest()) % _N


def _combine(times_key: int, key: _Point, times_generator: int) -> _Point:
    """Return `times_key` · key + `times_generator` · G, both in one walk."""
    both = _add(key, _G)
    steps: tuple[_Point, ...] = (None, _G, key, both)
    total: _Point = None
    for place in reversed(range(256)):
        total = _add(total, total)
        step = 2 * (times_key >> place & 1) + (times_generator >> place & 1)
        total = _add(total, steps[step])
    return total


def _add(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        if (one[1] + other[1]) % _P == 0:
            return None
        slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, _P)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, _P)
    x = (slope * slope - one[0] - other[0]) % _P
    return x, (slope * (one[0] - x) - one[1]) % _P
