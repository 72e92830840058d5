"""Teslemetry's host names on this machine, with a certificate for them."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SITE = "teslemetry.com"
NAMES = frozenset({SITE, *(f"{one}.{SITE}" for one in ("api", "na", "eu"))})


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for the names of the client."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Teslemetry of tests")])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [
        x509.DNSName("teslemetry.com"),
        x509.DNSName("*.teslemetry.com"),
        x509.IPAddress(ip_address("127.0.0.1")),
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    certificate_file, key_file = folder / "cert.pem", folder / "key.pem"
    certificate_file.write_bytes(made.public_bytes(pem))
    key_file.write_bytes(
        key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


class Resolver(AbstractResolver):
    """Finds the names of Teslemetry at one port of the loopback address, no others."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self,
        host: str,
        port: int = 0,  # noqa: ARG002
        family: Any = 0,  # noqa: ARG002
    ) -> list[ResolveResult]:
        if host not in NAMES:
            raise OSError(f"{host} is not known here")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port,
                family=socket.AF_INET,
                proto=0,
                flags=0,
            )
        ]

    async def close(self) -> None:
        """Hold nothing."""


def connector(authority: Path, port: int) -> aiohttp.TCPConnector:
    """Return how a client reaches the names at a port, trusting an authority alone."""
    context = ssl.create_default_context(cafile=str(authority))
    return aiohttp.TCPConnector(resolver=Resolver(port), ssl=context)
