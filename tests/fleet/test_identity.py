"""Tesla's tokens: what they say, and when they prove nothing."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, strategies as st

from fleet.errors import InvalidIDToken, Unreadable
from fleet.hosts import TESLA
from fleet.identity import IdClaims, read_claims, verify_id_token
from fleet.regions import Region

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def _public(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, kid: str
) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return public | {"kid": kid}


JWKS = {"keys": [_public(RSA_KEY, "rsa"), _public(EC_KEY, "ec"), "odd", {"kid": "x"}]}


def _claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": TESLA.issuers[0],
        "aud": "our-client",
        "sub": "alice-uuid",
        "exp": now + 600,
        "iat": now,
        "nonce": "our-nonce",
        "email": "alice@example.com",
        "name": "Alice Moreau",
    } | changes
    return {name: value for name, value in claims.items() if value is not None}


def _signed(
    claims: dict[str, Any],
    key: Any = RSA_KEY,
    algorithm: str = "RS256",
    kid: str | None = "rsa",
) -> str:
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(claims, key, algorithm, headers)


def _verify(id_token: str, jwks: Any = None) -> IdClaims:
    return verify_id_token(
        TESLA, "our-client", id_token, nonce="our-nonce", jwks=jwks or JWKS
    )


def _access_token(payload: Any, encode: Callable[[bytes], bytes]) -> str:
    return f"e30.{encode(json.dumps(payload).encode()).decode()}.sig"


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(RSA_KEY, "RS256", "rsa"), (EC_KEY, "ES256", "ec")]
)
def test_id_token_of_tesla_proves_who_signed_in(
    key: Any, algorithm: str, kid: str
) -> None:
    claims = _verify(_signed(_claims(), key, algorithm, kid))

    assert claims == IdClaims("alice-uuid", "alice@example.com", "Alice Moreau")


def test_id_token_may_leave_out_mail_and_name() -> None:
    claims = _verify(_signed(_claims(email=None, name=7, azp="our-client")))

    assert claims == IdClaims("alice-uuid", "", "")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://evil.example"}, "InvalidIssuerError"),
        ({"iss": None}, "MissingRequiredClaimError"),
        ({"aud": "another-client"}, "InvalidAudienceError"),
        ({"aud": None}, "MissingRequiredClaimError"),
        ({"azp": "another-client"}, "azp"),
        ({"exp": 1_000_000_000}, "ExpiredSignatureError"),
        ({"exp": None}, "MissingRequiredClaimError"),
        ({"iat": 9_999_999_999}, "ImmatureSignatureError"),
        ({"nbf": 9_999_999_999}, "ImmatureSignatureError"),
        ({"nonce": "another-nonce"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": ["our-nonce"]}, "nonce"),
        ({"nonce": "naïve"}, "nonce"),
        ({"sub": None}, "MissingRequiredClaimError"),
        ({"sub": ""}, "sub"),
    ],
)
def test_id_token_with_a_wrong_claim_proves_nothing(
    changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(InvalidIDToken) as caught:
        _verify(_signed(_claims(**changes)))

    assert caught.value.code == code


def test_id_token_signed_by_another_key_proves_nothing() -> None:
    with pytest.raises(InvalidIDToken) as caught:
        _verify(_signed(_claims(), OTHER_RSA_KEY))

    assert caught.value.code == "InvalidSignatureError"


def test_id_token_signed_with_the_public_key_as_a_secret_proves_nothing() -> None:
    public = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    parts = [{"alg": "HS256", "kid": "rsa"}, _claims()]
    signed = ".".join(_segment(json.dumps(part).encode()) for part in parts)
    signature = hmac.digest(public, signed.encode(), "sha256")

    with pytest.raises(InvalidIDToken) as caught:
        _verify(f"{signed}.{_segment(signature)}")

    assert caught.value.code == "InvalidKeyError"


def _segment(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("algorithm", "key", "kid"),
    [
        ("none", None, "rsa"),
        ("PS256", RSA_KEY, "rsa"),
        ("RS512", RSA_KEY, "rsa"),
        ("ES256", EC_KEY, "rsa"),
        ("RS256", RSA_KEY, "unknown"),
        ("RS256", RSA_KEY, None),
    ],
)
def test_id_token_with_another_algorithm_or_key_proves_nothing(
    algorithm: str, key: Any, kid: str | None
) -> None:
    with pytest.raises(InvalidIDToken):
        _verify(_signed(_claims(), key, algorithm, kid))


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "é", "a" * 20_000])
def test_id_token_of_another_shape_proves_nothing(text: str) -> None:
    with pytest.raises(InvalidIDToken):
        _verify(text)


@pytest.mark.parametrize(
    "jwks",
    [{"keys": None}, {"keys": [{"kid": "rsa", "kty": "RSA"}]}, {"other": 1}],
)
def test_id_token_needs_readable_keys(jwks: dict[str, Any]) -> None:
    with pytest.raises(InvalidIDToken):
        _verify(_signed(_claims()), jwks)


def test_id_token_key_meant_for_encryption_does_not_count() -> None:
    encrypting = {**_public(RSA_KEY, "rsa"), "use": "enc"}

    with pytest.raises(InvalidIDToken):
        _verify(_signed(_claims()), {"keys": [encrypting]})


def test_errors_on_an_id_token_do_not_show_it() -> None:
    token = _signed(_claims(aud="another"))

    with pytest.raises(InvalidIDToken) as caught:
        _verify(token)

    assert token not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "encode",
    [
        base64.b64encode,
        base64.urlsafe_b64encode,
        lambda raw: base64.b64encode(raw).rstrip(b"="),
        lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"="),
    ],
)
def test_read_claims_reads_either_base64(encode: Callable[[bytes], bytes]) -> None:
    payload = {
        "sub": "alice-uuid ÿþ?>~",
        "scp": ["openid", "vehicle_device_data"],
        "ou_code": "EU",
        "exp": 1_700_000_000,
    }

    claims = read_claims(_access_token(payload, encode))

    assert claims.sub == "alice-uuid ÿþ?>~"
    assert claims.scopes == ("openid", "vehicle_device_data")
    assert claims.region is Region.EU
    assert claims.expires_at == datetime.fromtimestamp(1_700_000_000, UTC)


def test_read_claims_reads_scopes_in_one_text_and_no_region() -> None:
    payload = {"sub": "a", "scp": "openid user_data", "exp": 1}

    claims = read_claims(_access_token(payload, base64.b64encode))

    assert claims.scopes == ("openid", "user_data")
    assert claims.region is None


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {"scp": [], "exp": 1},
        {"sub": "a", "exp": "soon"},
        {"sub": "a", "exp": 1e30},
        {"sub": "a", "exp": 1, "scp": 7},
    ],
)
def test_read_claims_refuses_other_payloads(payload: Any) -> None:
    with pytest.raises(Unreadable):
        read_claims(_access_token(payload, base64.b64encode))


@given(st.text(max_size=100))
def test_read_claims_refuses_any_other_text(text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_claims(text)

    assert str(caught.value) == "Tesla's access token cannot be read"
