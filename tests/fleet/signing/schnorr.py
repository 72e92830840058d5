"""Check `Tesla.SS256` signatures by the school's formulas for points on P-256."""

import hashlib

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Point = tuple[int, int] | None


def _add(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    (x, y), (u, v) = one, other
    if x == u and (y + v) % P == 0:
        return None
    if one == other:
        slope = (3 * x * x - 3) * pow(2 * y, -1, P)
    else:
        slope = (v - y) * pow(u - x, -1, P)
    third = (slope * slope - x - u) % P
    return third, (slope * (x - third) - y) % P


def _times(scalar: int, point: Point) -> Point:
    total: Point = None
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _encoded(point: tuple[int, int]) -> bytes:
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def _decoded(encoded: bytes) -> tuple[int, int] | None:
    x, y = int.from_bytes(encoded[:32], "big"), int.from_bytes(encoded[32:], "big")
    on_curve = (y * y - (x**3 - 3 * x + B)) % P == 0 and x < P and y < P
    return (x, y) if on_curve else None


def verifies(public_point: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a signature of 96 bytes is that of this key on this message."""
    if len(signature) != 96 or len(public_point) != 65 or public_point[0] != 4:
        return False
    key, commitment = _decoded(public_point[1:]), _decoded(signature[:64])
    response = int.from_bytes(signature[64:], "big")
    if key is None or commitment is None or response >= N:
        return False
    hashed = hashlib.sha256()
    for item in (_encoded(G), _encoded(commitment), public_point, message):
        hashed.update(len(item).to_bytes(4, "big") + item)
    challenge = int.from_bytes(hashed.digest(), "big")
    return _add(_times(challenge % N, key), _times(response, G)) == commitment
