"""Sign and read the RS256 tokens of the simulated auth server."""

from functools import cache
from hashlib import sha256
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

_REMEMBERED = 1000


class SigningKey:
    """Hold the auth server's RSA key.

    `pem` is the private half as text, for saving; it is not shown by `repr`.
    """

    def __init__(self, private_key: rsa.RSAPrivateKey) -> None:
        self._private_key = private_key
        self.pem = private_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()
        public_der = private_key.public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
        self._read: dict[str, dict[str, Any]] = {}
        self.kid = sha256(public_der).hexdigest()[:27]

    @classmethod
    def from_pem(cls, pem: str) -> "SigningKey":
        """Return the key that was saved as this text. Raises ValueError."""
        private_key = serialization.load_pem_private_key(pem.encode(), None)
        if not isinstance(private_key, rsa.RSAPrivateKey):
            raise ValueError("the saved key is not an RSA key")  # noqa: TRY004 - a bad file, not a bad call
        return cls(private_key)

    def jwks(self) -> dict[str, Any]:
        """Return the key set that `discovery/thirdparty/keys` serves."""
        public_key = RSAAlgorithm.to_jwk(self._private_key.public_key(), as_dict=True)
        named = {**public_key, "kid": self.kid, "use": "sig", "alg": "RS256"}
        named.pop("key_ops", None)
        return {"keys": [named]}

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a JWT of these claims.

        The payload is plain ASCII JSON, whose base64 is the same in the URL-safe and
        in the standard alphabet unless it holds `?`, `>` or `~`: a Go client decodes
        it as standard base64.
        """
        return jwt.encode(
            claims, self._private_key, algorithm="RS256", headers={"kid": self.kid}
        )

    def read(self, token: str) -> dict[str, Any] | None:
        """Return the claims of a token that we signed, or None.

        Expiry is left to the caller, who knows the simulated time. What was read is
        remembered, so that a busy client costs one check of its signature.
        """
        known = self._read.get(token)
        if known is None:
            known = self._check(token)
            if known is not None:
                if len(self._read) >= _REMEMBERED:
                    self._read.clear()
                self._read[token] = known
        return known

    def _check(self, token: str) -> dict[str, Any] | None:
        unchecked = {"verify_exp": False, "verify_aud": False}
        unchecked |= {"verify_iat": False, "verify_nbf": False}
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._private_key.public_key(),
                algorithms=["RS256"],
                options=unchecked,  # type: ignore[arg-type]  # PyJWT names a TypedDict
            )
        except jwt.InvalidTokenError:
            return None
        return claims


def new_key() -> SigningKey:
    """Return a fresh 2048-bit key."""
    return SigningKey(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@cache
def shared_key() -> SigningKey:
    """Return one key per process, so that tests do not wait for many."""
    return new_key()
