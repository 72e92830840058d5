"""The settings of the telemetry stream are signed as cars check them."""

import hashlib
import json
from base64 import b64decode, urlsafe_b64decode

from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings, strategies as st

from fleet.signing import telemetry_jws
from fleet.signing.jws import deterministic_nonce, schnorr_signature
from fleet.signing.keys import point_of
from tests.fleet.signing import vectors
from tests.fleet.signing.schnorr import verifies

KEY_THREE = ec.derive_private_key(3 << 248, ec.SECP256R1())
SIGNATURE = bytes.fromhex(
    "7cfdbeb5baa730540401550bdefa20976453e8539ae4b2f26ce33125801a08f9"
    "0ed20c3d846497ff82cc9772e3db4703982f47bd0b0b89dfb9a49cd2e5240546"
    "02b1e05fbf95f5686faea7a5809eb92f5ecc22eae74ceccc5e2a65dd67ff20fc"
)
CONFIG = {"hostname": "telemetry.example.com", "port": 443, "fields": {}, "ca": "ä"}


def _unpadded(segment: str) -> bytes:
    assert "=" not in segment
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def test_the_nonce_is_that_of_the_standard() -> None:
    secret = int("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", 16)

    nonce = deterministic_nonce(secret, hashlib.sha256(b"sample").digest())

    assert f"{nonce:064x}" == (
        "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60"
    )


def test_a_nonce_beyond_the_order_is_drawn_again() -> None:
    # The published digest, whose first candidate is too large.
    digest = bytes(
        [
            *(0x00, 0x80, 0xC3, 0x68, 0x64, 0xC5, 0xF2, 0xF4),
            *(0x60, 0xE3, 0x76, 0x79, 0x83, 0xC6, 0x56, 0x77),
            *(0xB6, 0x5C, 0xEF, 0x90, 0x1B, 0xCE, 0xDC, 0xB2),
            *(0x23, 0xF9, 0xB3, 0x65, 0xC6, 0x8F, 0x52, 0xF6),
        ]
    )

    nonce = deterministic_nonce(3 << 248, digest)

    assert f"{nonce:064x}" == (
        "264fc6592fbea24fd0954e0b86b886e8743161758ddad2f7e9fed75a0019e005"
    )


def test_the_signature_is_the_published_one() -> None:
    assert schnorr_signature(KEY_THREE, b"hello world") == SIGNATURE


def test_the_verifier_of_these_tests_takes_the_published_signature_only() -> None:
    point = point_of(KEY_THREE)

    assert verifies(point, b"hello world", SIGNATURE)
    assert not verifies(point, b"hello World", SIGNATURE)
    assert not verifies(vectors.CLIENT_POINT, b"hello world", SIGNATURE)
    assert not verifies(point, b"hello world", SIGNATURE[:-1])
    for place in (0, 32, 95):
        broken = bytearray(SIGNATURE)
        broken[place] ^= 1
        assert not verifies(point, b"hello world", bytes(broken))


@settings(max_examples=8, deadline=None)
@given(secret=st.integers(1, 2**255), message=st.binary(max_size=200))
def test_whatever_is_signed_verifies(secret: int, message: bytes) -> None:
    key = ec.derive_private_key(secret, ec.SECP256R1())

    assert verifies(point_of(key), message, schnorr_signature(key, message))


def test_telemetry_jws_holds_the_claims_and_a_signature_that_holds() -> None:
    token = telemetry_jws(vectors.CLIENT_KEY, CONFIG)

    header, claims, signature = token.split(".")
    told = json.loads(_unpadded(claims))
    assert json.loads(_unpadded(header)) == {"alg": "Tesla.SS256", "typ": "JWT"}
    assert b64decode(told.pop("iss"), validate=True) == vectors.CLIENT_POINT
    assert told.pop("aud") == "com.tesla.fleet.TelemetryClient"
    assert told == CONFIG
    assert verifies(
        vectors.CLIENT_POINT, f"{header}.{claims}".encode(), _unpadded(signature)
    )


def test_telemetry_jws_leaves_the_audience_and_not_the_issuer_to_the_caller() -> None:
    claims = {"aud": f"com.tesla.vehicle.{vectors.VIN}.x", "iss": "someone else"}

    told = json.loads(
        _unpadded(telemetry_jws(vectors.CLIENT_KEY, claims).split(".")[1])
    )

    assert told["aud"] == claims["aud"]
    assert b64decode(told["iss"]) == vectors.CLIENT_POINT
