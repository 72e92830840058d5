"""A public certificate for cars, in files that whoever runs this Keyfob renews."""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from telemetry import issuing

SOON = timedelta(days=14)


class Unusable(Exception):
    """A certificate's files cannot be used; the text says why."""


def problems(now: datetime) -> list[str]:
    """Return what is wrong with the public certificate in files, in sentences."""
    try:
        certificate = _certificate(text(settings.TELEMETRY_CERTIFICATE_FILE))
        _certificate(text(settings.TELEMETRY_CA_FILE))
        key = private_key(text(settings.TELEMETRY_CERTIFICATE_KEY_FILE))
    except Unusable as error:
        return [str(error)]
    found = []
    if not _belongs_to(key, certificate):
        found.append("The private key for cars is not that of the certificate.")
    hostname, end = settings.TELEMETRY_HOSTNAME, certificate.not_valid_after_utc
    if not issuing.is_for(certificate, hostname):
        found.append(f"The certificate for cars is not for {hostname}.")
    if end <= now:
        found.append(f"The certificate for cars ended on {end:%Y-%m-%d}.")
    elif end - now < SOON:
        found.append(f"The certificate for cars ends on {end:%Y-%m-%d}.")
    return found


def text(path: str) -> str:
    """Return a file's text. Raises `Unusable`."""
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a text file"
        raise Unusable(f"{path} cannot be read ({reason}).") from error


def private_key(pem: str) -> PrivateKeyTypes:
    """Return the key in a PEM without a password. Raises `Unusable`."""
    try:
        return load_pem_private_key(pem.encode(), None)
    except TypeError as error:
        raise Unusable("The private key for cars has a password.") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unusable("The private key for cars is no key in PEM.") from error


def _belongs_to(key: PrivateKeyTypes, certificate: x509.Certificate) -> bool:
    try:
        return certificate.public_key() == key.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False


def _certificate(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise Unusable("A file for cars holds no certificate in PEM.") from error
