"""The CA of the simulated cars, and what it issues."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from simulator.streaming.certificates import Authority, client_context


def _name(name: x509.Name) -> str | bytes:
    return name.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


def test_a_car_is_named_by_its_vin_and_its_issuer() -> None:
    authority = Authority.made()
    ends_at = datetime.now(UTC) - timedelta(days=1)
    pem = authority.issue("5YJ3E1EA0NF000001", expires_at=ends_at)
    own, issuer = x509.load_pem_x509_certificates(pem)
    assert _name(own.subject) == "5YJ3E1EA0NF000001"
    assert _name(own.issuer) == _name(issuer.subject) == "Tesla Issuing CA"
    assert issuer.public_bytes(serialization.Encoding.PEM).decode() == authority.pem
    assert isinstance(own.public_key(), ec.EllipticCurvePublicKey)
    own.verify_directly_issued_by(issuer)
    assert own.not_valid_after_utc < datetime.now(UTC)
    assert own.not_valid_before_utc < own.not_valid_after_utc


def test_the_ca_is_kept_and_its_key_is_private(tmp_path: Path) -> None:
    first = Authority.kept(tmp_path / "data")
    key_file = tmp_path / "data" / "telemetry-ca-key.pem"
    assert key_file.stat().st_mode & 0o777 == 0o600
    again = Authority.kept(tmp_path / "data")
    assert again.pem == first.pem
    own, issuer = x509.load_pem_x509_certificates(again.issue("VIN"))
    own.verify_directly_issued_by(issuer)


def test_a_kept_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    Authority.kept(tmp_path)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (tmp_path / "telemetry-ca-key.pem").write_bytes(
        other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    with pytest.raises(ValueError, match="not an EC key"):
        Authority.kept(tmp_path)


def test_a_car_trusts_only_what_it_was_told() -> None:
    authority = Authority.made()
    context = client_context(authority.issue("VIN"), authority.pem)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert len(context.get_ca_certs()) == 1
    with pytest.raises(ssl.SSLError):
        client_context(authority.issue("VIN"), "no PEM")
