"""Agree with a car on a key, and derive from it those that sign."""

import hashlib
import hmac
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

POINT_LENGTH = 65
KEY_LENGTH = 16
_SESSION_INFO = b"session info"
_COMMAND = b"authenticated command"


@lru_cache(maxsize=32)
def point_of(private_key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public point, uncompressed: 65 bytes. ValueError if not on P-256."""
    if private_key.curve.name != ec.SECP256R1.name:
        raise ValueError("the protocol's keys are on the curve P-256")
    return encoded(private_key.public_key())


def encoded(public_key: ec.EllipticCurvePublicKey) -> bytes:
    """Return a public key as a point, uncompressed: 65 bytes."""
    return public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def shared_key(private_key: ec.EllipticCurvePrivateKey, vehicle_point: bytes) -> bytes:
    """Return the 16 bytes that we and the car can both compute.

    ValueError where the point is not on the curve, or not uncompressed.
    """
    if len(vehicle_point) != POINT_LENGTH:
        raise ValueError("a public point has 65 bytes")
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), vehicle_point)
    agreed = private_key.exchange(ec.ECDH(), theirs)
    # SHA-1 is the protocol's choice; nothing rests on its collisions here.
    return hashlib.sha1(agreed, usedforsecurity=False).digest()[:KEY_LENGTH]


def session_info_key(shared: bytes) -> bytes:
    """Return the key by which a car proves its session info."""
    return hmac.digest(shared, _SESSION_INFO, "sha256")


@lru_cache(maxsize=256)
def command_key(shared: bytes) -> bytes:
    """Return the key that signs commands."""
    return hmac.digest(shared, _COMMAND, "sha256")
