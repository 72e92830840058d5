"""Sign the settings of a car's telemetry stream, as the car wants them signed."""

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from fleet.signing.keys import encoded, point_of

AUDIENCE = "com.tesla.fleet.TelemetryClient"
_HEADER = {"alg": "Tesla.SS256", "typ": "JWT"}
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_GENERATOR = encoded(ec.derive_private_key(1, ec.SECP256R1()).public_key())


def telemetry_jws(
    private_key: ec.EllipticCurvePrivateKey, claims: Mapping[str, Any]
) -> str:
    """Return the claims as a compact JWS of Tesla's kind `Tesla.SS256`.

    `iss` (our public point) and `aud` are filled in; an `aud` of the caller's
    stays. The car checks the signature, not Tesla.
    """
    issuer = b64encode(point_of(private_key)).decode()
    whole = {"aud": AUDIENCE} | dict(claims) | {"iss": issuer}
    parts = (_segment(_json(_HEADER)), _segment(_json(whole)))
    signing_input = ".".join(parts)
    signature = schnorr_signature(private_key, signing_input.encode())
    return f"{signing_input}.{_segment(signature)}"


def schnorr_signature(private_key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """Return the 96 bytes of a Schnorr signature on P-256: the commitment, then r."""
    secret = private_key.private_numbers().private_value
    nonce = deterministic_nonce(secret, hashlib.sha256(message).digest())
    # The library multiplies in constant time; nothing secret is computed here but r.
    commitment = encoded(ec.derive_private_key(nonce, ec.SECP256R1()).public_key())
    challenge = challenge_of(commitment, point_of(private_key), message)
    response = (nonce - secret * challenge) % _ORDER
    return commitment[1:] + response.to_bytes(32, "big")


def challenge_of(commitment: bytes, public_point: bytes, message: bytes) -> int:
    """Return the number that binds a signature to key and message."""
    hashed = hashlib.sha256()
    for item in (_GENERATOR, commitment, public_point, message):
        hashed.update(len(item).to_bytes(4, "big") + item)
    return int.from_bytes(hashed.digest(), "big")


def deterministic_nonce(secret: int, digest: bytes) -> int:
    """Return the nonce for a key and a hash. Source: RFC 6979, section 3.2."""
    reduced = int.from_bytes(digest, "big") % _ORDER
    seed = secret.to_bytes(32, "big") + reduced.to_bytes(32, "big")
    value, key = b"\x01" * 32, bytes(32)
    for separator in (b"\x00", b"\x01"):
        key = hmac.digest(key, value + separator + seed, "sha256")
        value = hmac.digest(key, value, "sha256")
    while True:
        value = hmac.digest(key, value, "sha256")
        nonce = int.from_bytes(value, "big")
        if 0 < nonce < _ORDER:
            return nonce
        key = hmac.digest(key, value + b"\x00", "sha256")
        value = hmac.digest(key, value, "sha256")


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _segment(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
