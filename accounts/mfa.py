"""How allauth's second factors behave here: encrypted secrets, our own name and host."""

from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings

from accounts.crypto import seal, unseal
from accounts.models import User

# allauth seals a secret before its row exists, so that no row can be named here.
CONTEXT = "mfa_authenticator|data"
# What lets somebody in; recovery codes alone only stand in for one of these.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Keyfob's answers to the questions of allauth's second factors."""

    def encrypt(self, text: str) -> str:
        """Seal the seed of an authenticator app or of recovery codes."""
        return seal(text, context=CONTEXT)

    def decrypt(self, encrypted_text: str) -> str:
        """Unseal a seed. Raises `accounts.crypto.Undecryptable`."""
        return unseal(encrypted_text, context=CONTEXT)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the host that passkeys belong to: ours, whichever name was called."""
        host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
        return {"id": host, "name": "Keyfob"}

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002  # allauth's signature
        """Return what a new key is called unless the person says otherwise."""
        count = Authenticator.objects.filter(user=user, type=type).count()
        return "Passkey" if not count else f"Passkey {count + 1}"


def has_factor(user: User) -> bool:
    """Tell whether a second factor stands between the person's password and their account."""
    factors = Authenticator.objects.filter(user=user, type__in=FACTORS)
    return bool(factors.exists())
