"""Make certificates: an authority of our own, and what it says of a host name."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Clocks of cars may be slow.
_BACKDATED = timedelta(hours=1)


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """A certificate and its private key, both as PEM; the key is secret."""

    certificate_pem: str
    private_pem: str


def authority(name: str, now: datetime, good_for: timedelta) -> Issued:
    """Make a certificate authority that signs certificates of servers."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        _builder(subject, subject, key.public_key(), now, good_for)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _issued(built, key)


def server(by: Issued, hostname: str, now: datetime, good_for: timedelta) -> Issued:
    """Make a certificate of a server under an authority."""
    issuer = x509.load_pem_x509_certificate(by.certificate_pem.encode())
    issuer_key = serialization.load_pem_private_key(by.private_pem.encode(), None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)  # noqa: S101 - `authority`
    key = ec.generate_private_key(ec.SECP256R1())
    # A common name has room for 64 signs; what counts is the alternative name.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname[:64])])
    built = (
        _builder(issuer.subject, subject, key.public_key(), now, good_for)
        .add_extension(
            x509.SubjectAlternativeName([_general_name(hostname)]), critical=False
        )
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )
    return _issued(built, key)


def names_of(certificate: x509.Certificate) -> set[str]:
    """Return the host names and addresses that a certificate is for."""
    try:
        found = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:
        return set()
    addresses = found.get_values_for_type(x509.IPAddress)
    names = found.get_values_for_type(x509.DNSName)
    return {name.lower() for name in names} | {str(one) for one in addresses}


def is_for(certificate: x509.Certificate, hostname: str) -> bool:
    """Tell whether a certificate is for a host name, by itself or by `*.`."""
    names = names_of(certificate)
    wildcard = "*." + hostname.lower().partition(".")[2]
    return hostname.lower() in names or wildcard in names


def _builder(
    issuer: x509.Name,
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    good_for: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + good_for)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(hostname: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(hostname))
    except ValueError:
        return x509.DNSName(hostname)


def _issued(built: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Issued:
    return Issued(
        built.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    )
