"""Give every simulated car a certificate of its own, from a CA of the simulator's."""

import os
import ssl
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ISSUER = "Tesla Issuing CA"
CA_FILE = "telemetry-ca.pem"
_KEY_FILE = "telemetry-ca-key.pem"
_LIFE = timedelta(days=3650)
_EARLIER = timedelta(days=1)


class Authority:
    """Hold the CA of the simulated cars; `pem` is its certificate as text."""

    def __init__(
        self, certificate: x509.Certificate, private_key: ec.EllipticCurvePrivateKey
    ) -> None:
        self._certificate = certificate
        self._private_key = private_key
        self.pem = certificate.public_bytes(serialization.Encoding.PEM).decode()

    @classmethod
    def made(cls, name: str = ISSUER) -> Self:
        """Return a fresh CA of that common name."""
        private_key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(name)
        builder = _builder(subject, subject, private_key.public_key())
        builder = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        ).add_extension(_key_usage(signs_certificates=True), critical=True)
        return cls(builder.sign(private_key, hashes.SHA256()), private_key)

    @classmethod
    def kept(cls, folder: Path, ca_file: Path | None = None) -> Self:
        """Return the CA of a data folder, made when there is none yet.

        Its certificate is written to `ca_file`, or to `telemetry-ca.pem` beside the
        key. Raises ValueError when the kept files cannot be read.
        """
        key_file, own_file = folder / _KEY_FILE, folder / CA_FILE
        if key_file.exists() and own_file.exists():
            authority = cls._read(own_file.read_bytes(), key_file.read_bytes())
        else:
            authority = cls.made()
            folder.mkdir(parents=True, exist_ok=True)
            _write(key_file, _pem_of(authority._private_key), 0o600)  # noqa: SLF001 - its own kind
        for place in {own_file, ca_file or own_file}:
            _write(place, authority.pem.encode(), 0o644)
        return authority

    @classmethod
    def shown(cls, ca_file: Path) -> Self:
        """Return a fresh CA whose certificate is written to a file."""
        authority = cls.made()
        _write(ca_file, authority.pem.encode(), 0o644)
        return authority

    @classmethod
    def _read(cls, certificate_pem: bytes, key_pem: bytes) -> Self:
        private_key = serialization.load_pem_private_key(key_pem, None)
        if not isinstance(private_key, ec.EllipticCurvePrivateKey):
            raise ValueError("the saved key of the cars' CA is not an EC key")  # noqa: TRY004 - a bad file, not a bad call
        return cls(x509.load_pem_x509_certificate(certificate_pem), private_key)

    def issue(self, vin: str, *, expires_at: datetime | None = None) -> bytes:
        """Return certificate, key and CA certificate of a car, as one PEM."""
        private_key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(
            _name(vin), self._certificate.subject, private_key.public_key(), expires_at
        )
        for extension in (
            x509.BasicConstraints(ca=False, path_length=None),
            _key_usage(signs_certificates=False),
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
        ):
            builder = builder.add_extension(extension, critical=False)
        signed = builder.sign(self._private_key, hashes.SHA256())
        pem = signed.public_bytes(serialization.Encoding.PEM)
        return _pem_of(private_key) + pem + self.pem.encode()


def client_context(car_pem: bytes, ca: str) -> ssl.SSLContext:
    """Return how a car speaks TLS: with its certificate, trusting `ca` alone.

    Raises ssl.SSLError for a `ca` that holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ca)
    descriptor, name = tempfile.mkstemp(suffix=".pem")
    try:
        # OpenSSL takes a certificate of our own from a file only.
        with os.fdopen(descriptor, "wb") as file:
            file.write(car_pem)
        context.load_cert_chain(name)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
    return context


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    expires_at: datetime | None = None,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    ends_at = expires_at or now + _LIFE
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, ends_at) - _EARLIER)
        .not_valid_after(ends_at)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem_of(private_key: ec.EllipticCurvePrivateKey) -> bytes:
    return private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
