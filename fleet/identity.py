"""Read what Tesla's tokens say: who signed in, what was granted, until when."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

from fleet.errors import InvalidIDToken, Unreadable
from fleet.hosts import Hosts
from fleet.regions import Region, region_of_code

_ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}
_CLOCK_SKEW_S = 60
_LONGEST = 16 * 1024


@dataclass(frozen=True, slots=True)
class Claims:
    """Hold what one of Tesla's access tokens says about itself.

    `sub` is the person's lasting key, `scopes` what is granted now.
    """

    sub: str
    scopes: tuple[str, ...]
    region: Region | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class IdClaims:
    """Hold who signed in; `email` and `name` are "" where Tesla leaves them out."""

    sub: str
    email: str
    name: str


def read_claims(access_token: str) -> Claims:
    """Return what an access token of Tesla's says, without verifying it.

    That is enough for a token that came from Tesla itself over TLS. Raises
    `Unreadable` for a text of another shape. Source: RFC 9068; claims as seen.
    """
    try:
        payload = json.loads(_decoded(access_token.split(".")[1]))
        scopes = payload.get("scp", [])
        if isinstance(scopes, str):
            scopes = scopes.split()
        return Claims(
            sub=str(payload["sub"]),
            scopes=tuple(str(scope) for scope in scopes),
            region=region_of_code(str(payload.get("ou_code") or "")),
            expires_at=datetime.fromtimestamp(int(payload["exp"]), UTC),
        )
    except (
        AttributeError,
        IndexError,
        KeyError,
        OSError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ):
        # Not chained: some of these errors quote the text, which is a secret.
        raise Unreadable("Tesla's access token cannot be read") from None


def verify_id_token(
    hosts: Hosts,
    client_id: str,
    id_token: str,
    *,
    nonce: str,
    jwks: Mapping[str, Any],
) -> IdClaims:
    """Return who signed in, after checking every claim of the identity token.

    Signature by a key of `jwks` with RS256 or ES256, issuer of `hosts`, our
    client id as the audience, not expired, and our nonce. Raises
    `InvalidIDToken`, whose `code` says what is wrong. Source: OpenID Connect Core, section 3.1.3.7.
    """
    try:
        payload = jwt.decode(
            id_token,
            _key_for(id_token, jwks),
            algorithms=list(_ALGORITHMS),
            audience=client_id,
            issuer=list(hosts.issuers),
            leeway=_CLOCK_SKEW_S,
            options={"require": ["iss", "aud", "exp", "sub"]},
        )
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        # Not chained: a library's error may quote the token.
        raise InvalidIDToken(code=type(error).__name__) from None
    if not isinstance(payload["sub"], str) or not payload["sub"]:
        raise InvalidIDToken(code="sub")
    if payload.get("azp", client_id) != client_id:
        raise InvalidIDToken(code="azp")
    claimed = payload.get("nonce")
    if not isinstance(claimed, str) or not hmac.compare_digest(
        claimed.encode(), nonce.encode()
    ):
        raise InvalidIDToken(code="nonce")
    return IdClaims(payload["sub"], _text(payload, "email"), _text(payload, "name"))


def _key_for(id_token: str, jwks: Mapping[str, Any]) -> jwt.PyJWK:
    """Return the key that the token's header names, if kind and algorithm agree."""
    if len(id_token) > _LONGEST:
        raise jwt.InvalidTokenError("too long")
    header = jwt.get_unverified_header(id_token)
    algorithm, key_id = header.get("alg"), header.get("kid")
    keys = jwks.get("keys")
    for key in keys if isinstance(keys, list) else ():
        if (
            isinstance(key, dict)
            and key.get("kid") == key_id
            and key.get("kty") == _ALGORITHMS.get(str(algorithm))
            and key.get("use", "sig") == "sig"
        ):
            return jwt.PyJWK(key, algorithm=algorithm)
    raise jwt.InvalidKeyError("no such key")


def _decoded(segment: str) -> bytes:
    """Decode base64 of either alphabet, padded or not; Tesla's own differ."""
    plain = segment.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
