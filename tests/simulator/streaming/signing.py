"""Sign streaming settings as clients do: a second writing of the scheme."""

import hashlib
import json
import secrets
from base64 import b64encode, urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HEADER = {"alg": "Tesla.SS256", "typ": "JWT"}


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def sign(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """Return a signature with a random nonce, which verifies as well as a fixed one."""
    nonce = secrets.randbelow(ORDER - 1) + 1
    commitment = point(ec.derive_private_key(nonce, ec.SECP256R1()))
    generator = point(ec.derive_private_key(1, ec.SECP256R1()))
    items = (generator, commitment, point(key), message)
    told = b"".join(len(one).to_bytes(4, "big") + one for one in items)
    challenge = int.from_bytes(hashlib.sha256(told).digest(), "big")
    secret = key.private_numbers().private_value
    response = (nonce - secret * challenge) % ORDER
    return commitment[1:] + response.to_bytes(32, "big")


def segment(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def token(
    key: ec.EllipticCurvePrivateKey,
    claims: dict[str, Any],
    *,
    header: object = HEADER,
    signer: ec.EllipticCurvePrivateKey | None = None,
) -> str:
    """Return a JWS that names `key` as issuer, signed by it or by another."""
    whole = {
        "aud": "com.tesla.fleet.TelemetryClient",
        "iss": b64encode(point(key)).decode(),
        **claims,
    }
    parts = [segment(json.dumps(one).encode()) for one in (header, whole)]
    signed = ".".join(parts)
    return f"{signed}.{segment(sign(signer or key, signed.encode()))}"
