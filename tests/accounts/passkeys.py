"""A passkey in software: what an authenticator and a browser would send."""

import json
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
)

ORIGIN = "http://localhost:8000"
ADD = "/accounts/2fa/webauthn/add/"
LOGIN = "/accounts/2fa/webauthn/login/"
_PRESENT_AND_VERIFIED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


@dataclass
class SoftPasskey:
    """One key, made for one user at one site; its knobs tell lies when told to."""

    origin: str = ORIGIN
    rp_id: str = "localhost"
    user_handle: str = ""
    credential_id: bytes = field(default_factory=lambda: token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: dict[str, Any]) -> str:
        """Return the JSON of a registration."""
        public_key = options["publicKey"]
        self.user_handle = public_key["user"]["id"]
        said = self._said("webauthn.create", public_key["challenge"])
        numbers = self.key.public_key().public_numbers()
        x, y = (part.to_bytes(32, "big") for part in (numbers.x, numbers.y))
        cose = ES256({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        attested = AttestedCredentialData.create(bytes(16), self.credential_id, cose)
        flags = _PRESENT_AND_VERIFIED | AuthenticatorData.FLAG.AT
        data = AuthenticatorData.create(
            sha256(self.rp_id.encode()), flags, 0, bytes(attested)
        )
        attestation = AttestationObject.create("none", data, {})
        return self._json(
            {
                "clientDataJSON": websafe_encode(said),
                "attestationObject": websafe_encode(bytes(attestation)),
            },
            {"credProps": {"rk": True}},
        )

    def get(self, options: dict[str, Any]) -> str:
        """Return the JSON of an assertion."""
        said = self._said("webauthn.get", options["publicKey"]["challenge"])
        hashed = sha256(self.rp_id.encode())
        data = AuthenticatorData.create(hashed, _PRESENT_AND_VERIFIED, 1)
        signed = bytes(data) + sha256(said)
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._json(
            {
                "clientDataJSON": websafe_encode(said),
                "authenticatorData": websafe_encode(bytes(data)),
                "signature": websafe_encode(signature),
                "userHandle": self.user_handle,
            },
            {},
        )

    def _said(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps({**said, "crossOrigin": False}).encode()

    def _json(self, response: dict[str, str], extensions: dict[str, Any]) -> str:
        name = websafe_encode(self.credential_id)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": response,
                "clientExtensionResults": extensions,
            }
        )


def login_options(client: Client) -> dict[str, Any]:
    """Return a fresh challenge of the sign-in page."""
    answer = client.get(LOGIN, headers={"Accept": "application/json"})
    options: dict[str, Any] = answer.json()["request_options"]
    return options


def add(client: Client, passkey: SoftPasskey, name: str = "My phone") -> Any:
    """Add a passkey to who is signed in; the proof must be there."""
    options = client.get(ADD).context["js_data"]["creation_options"]
    options = json.loads(json.dumps(options, default=dict))
    fields = {"name": name, "passwordless": "on", "credential": passkey.create(options)}
    return client.post(ADD, fields)
