"""Read the compact JWS, of the kind `Tesla.SS256`, that carries streaming settings."""

import json
import re
from base64 import b64decode, urlsafe_b64decode
from binascii import Error
from dataclasses import dataclass, field
from typing import Any

from simulator.streaming.schnorr import is_signed, read_point

AUDIENCE = "com.tesla.fleet.TelemetryClient"
_ALGORITHM = "Tesla.SS256"
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")


class BadToken(Exception):
    """Say in words why a token cannot be read."""


@dataclass(frozen=True, slots=True)
class Token:
    """Hold a token's claims, and what a car needs to check its signature."""

    claims: dict[str, Any]
    issuer: bytes
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def is_signed_by_issuer(self) -> bool:
        """Tell whether the key that the token names as its issuer signed it."""
        return is_signed(self.issuer, self.signing_input, self.signature)


def read_token(text: str) -> Token:
    """Return what a token says; the signature is left to the car. Raises BadToken."""
    parts = text.split(".")
    if len(parts) != 3:
        raise BadToken("the token is not a compact JWS")
    header, claims = _document(parts[0]), _document(parts[1])
    if header.get("alg") != _ALGORITHM:
        raise BadToken(f"alg must be {_ALGORITHM}")
    return Token(
        claims,
        _issuer(claims.get("iss")),
        f"{parts[0]}.{parts[1]}".encode(),
        _bytes(parts[2]),
    )


def _document(segment: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(segment))
    except (ValueError, RecursionError):
        raise BadToken("the token holds no JSON") from None
    if not isinstance(found, dict):
        raise BadToken("the token holds no JSON object")
    return found


def _bytes(segment: str) -> bytes:
    if not _SEGMENT.fullmatch(segment):
        raise BadToken("the token is not base64url")
    try:
        return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except Error:
        raise BadToken("the token is not base64url") from None


def _issuer(iss: object) -> bytes:
    if not isinstance(iss, str):
        raise BadToken("iss is missing")
    try:
        point = b64decode(iss, validate=True)
    except (Error, ValueError):
        raise BadToken("iss is not base64") from None
    if read_point(point) is None:
        raise BadToken("iss is not a public key of P-256")
    return point
