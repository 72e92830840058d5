"""The simulator's own verifier of `Tesla.SS256`, against vectors and two signers."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings, strategies as st

from fleet.signing.jws import schnorr_signature, telemetry_jws
from simulator.streaming.schnorr import is_signed, read_point
from simulator.streaming.token import BadToken, read_token
from tests.simulator.streaming.signing import HEADER, point, segment, sign, token

KEY = ec.derive_private_key(3 << 248, ec.SECP256R1())
OTHER = ec.derive_private_key(12_345, ec.SECP256R1())
PUBLISHED = bytes.fromhex(
    "7cfdbeb5baa730540401550bdefa20976453e8539ae4b2f26ce33125801a08f9"
    "0ed20c3d846497ff82cc9772e3db4703982f47bd0b0b89dfb9a49cd2e5240546"
    "02b1e05fbf95f5686faea7a5809eb92f5ecc22eae74ceccc5e2a65dd67ff20fc"
)


def test_the_published_signature_holds() -> None:
    assert is_signed(point(KEY), b"hello world", PUBLISHED)


@pytest.mark.parametrize("place", [0, 31, 32, 63, 64, 95])
def test_a_changed_signature_does_not_hold(place: int) -> None:
    broken = bytearray(PUBLISHED)
    broken[place] ^= 1
    assert not is_signed(point(KEY), b"hello world", bytes(broken))


def test_another_message_key_or_length_does_not_hold() -> None:
    assert not is_signed(point(KEY), b"hello World", PUBLISHED)
    assert not is_signed(point(OTHER), b"hello world", PUBLISHED)
    assert not is_signed(point(KEY), b"hello world", PUBLISHED[:-1])
    assert not is_signed(point(KEY)[:-1], b"hello world", PUBLISHED)


def test_a_response_beyond_the_order_does_not_hold() -> None:
    assert not is_signed(point(KEY), b"hello world", PUBLISHED[:64] + b"\xff" * 32)


@pytest.mark.parametrize(
    "encoded",
    [b"", b"\x02" + bytes(64), b"\x04" + bytes(64), b"\x04" + b"\xff" * 64],
)
def test_what_is_no_point_is_not_read(encoded: bytes) -> None:
    assert read_point(encoded) is None


@settings(max_examples=8, deadline=None)
@given(secret=st.integers(1, 2**255), message=st.binary(max_size=200))
def test_two_signers_satisfy_the_verifier(secret: int, message: bytes) -> None:
    key = ec.derive_private_key(secret, ec.SECP256R1())

    assert is_signed(point(key), message, sign(key, message))
    assert is_signed(point(key), message, schnorr_signature(key, message))


def test_a_token_is_read_and_checked() -> None:
    for text in (token(KEY, {"port": 443}), telemetry_jws(KEY, {"port": 443})):
        found = read_token(text)
        assert found.claims["port"] == 443
        assert found.issuer == point(KEY)
        assert found.is_signed_by_issuer


def test_a_token_of_another_signer_is_read_but_does_not_hold() -> None:
    assert not read_token(token(KEY, {}, signer=OTHER)).is_signed_by_issuer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.b", "the token is not a compact JWS"),
        ("a.b.c.d", "the token is not a compact JWS"),
        ("!!!.e30.AA", "the token is not base64url"),
        ("e.e30.AA", "the token is not base64url"),
        ("bm9uZQ.e30.AA", "the token holds no JSON"),
        ("W10.e30.AA", "the token holds no JSON object"),
        (token(KEY, {}, header={"alg": "ES256"}), "alg must be Tesla.SS256"),
        (token(KEY, {"iss": None}), "iss is missing"),
        (token(KEY, {"iss": "ä"}), "iss is not base64"),
        (token(KEY, {"iss": "AAAAA"}), "iss is not base64"),
        (
            token(KEY, {"iss": b64encode(bytes(65)).decode()}),
            "iss is not a public key of P-256",
        ),
        (f"{token(KEY, {}).rpartition('.')[0]}.", "the token is not base64url"),
    ],
)
def test_a_token_that_cannot_be_read_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadToken) as caught:
        read_token(text)
    assert str(caught.value) == words


def test_segments_have_no_padding() -> None:
    assert "=" not in segment(str(HEADER).encode())
