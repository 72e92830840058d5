"""allauth's passkey forms, made strict: our own origin alone, and no crash on nonsense.

allauth takes the origin of a subdomain for ours, and answers 500 to a credential that
lacks a part or has a wrong signature.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms
from cryptography.exceptions import InvalidSignature
from django.conf import settings

_NONSENSE = (AttributeError, InvalidSignature, KeyError, TypeError, ValueError)


@contextmanager
def _refused() -> Iterator[None]:
    """Turn what the parsers raise into the form's own words."""
    try:
        yield
    except _NONSENSE as error:
        raise get_adapter().validation_error("incorrect_code") from error


def _check_origin(credential: Any) -> None:
    """Raise `ValueError` for a credential that was made for another site."""
    encoded = credential["response"]["clientDataJSON"]
    said = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    if said["origin"] != settings.PUBLIC_URL:
        raise ValueError("The credential belongs to another origin.")


class AddWebAuthnForm(forms.AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """A new passkey."""

    def clean(self) -> dict[str, Any]:
        """Refuse what was not made here."""
        with _refused():
            if credential := self.cleaned_data.get("credential"):
                _check_origin(credential)
            cleaned: dict[str, Any] = super().clean()
        return cleaned


class _Strict:
    """What the three forms that use a passkey have in common."""

    def clean_credential(self) -> Any:
        """Return the passkey that made the credential, here and just now."""
        with _refused():
            _check_origin(self.cleaned_data["credential"])  # type: ignore[attr-defined]  # a form's
            return super().clean_credential()  # type: ignore[misc]  # allauth's form is beside it


class AuthenticateWebAuthnForm(_Strict, forms.AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """A passkey as the second factor."""


class LoginWebAuthnForm(_Strict, forms.LoginWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """A passkey as the only factor."""


class ReauthenticateWebAuthnForm(_Strict, forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """A passkey as a proof that it is still the same person."""
