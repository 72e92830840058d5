"""Connections that keep a deadline: over TLS as in the clear."""

import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fleet.deadlines import deadline, transport
from fleet.errors import Unreachable
from fleet.wire import Outgoing, Timeouts, send
from tests.fleet.loopback import Loopback, dripping, http

GOOD = http(b"good")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and a certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def server(certificate: Path) -> Iterator[Loopback]:
    """Return a server that speaks TLS with a certificate that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Loopback(GOOD, tls=context) as running:
        yield running


@pytest.fixture
def trusting(certificate: Path) -> Iterator[httpx.Client]:
    """Return a client that trusts that certificate."""
    context = ssl.create_default_context(cafile=str(certificate))
    limits = httpx.Limits(max_connections=2, keepalive_expiry=30)
    with httpx.Client(transport=transport(limits, context), trust_env=False) as client:
        yield client


def test_connection_over_tls_is_kept(server: Loopback, trusting: httpx.Client) -> None:
    for _ in range(3):
        answer = send(Outgoing("GET", server.url), http=trusting, timeouts=Timeouts())
        assert answer.body == b"good"

    assert server.connections == 1


def test_connection_over_tls_keeps_the_deadline(
    server: Loopback, trusting: httpx.Client
) -> None:
    server.answers = [dripping(GOOD, 0.05)]
    began = time.monotonic()

    with deadline(0.3), pytest.raises(httpx.TimeoutException):
        trusting.get(server.url, timeout=5)

    assert time.monotonic() - began < 5


def test_certificate_that_nobody_vouches_for_is_refused(server: Loopback) -> None:
    with pytest.raises(Unreachable) as caught:
        send(Outgoing("GET", server.url), timeouts=Timeouts())

    assert "CERTIFICATE_VERIFY_FAILED" in caught.value.description
    assert server.asked == []
