"""The receiver's side of TLS: whom it trusts, and what it shows.

Cars refuse to answer a server that names a long list of authorities it would accept.
Python's `load_verify_locations` trusts authorities without naming any of them (it is
`SSL_CTX_set_client_CA_list` that names them, which Python never calls), so the request
for a certificate goes out with an empty list; a test holds on to that.
"""

import os
import secrets
import ssl
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from telemetry.issuing import Issued
from telemetry.public import private_key

TESLA_AUTHORITIES = Path(__file__).resolve().parent.parent / "tesla_ca.pem"


def make_context() -> ssl.SSLContext:
    """Return a context that wants a certificate of a car; it shows none yet.

    TLS 1.2 is the least. Tesla's list holds issuing authorities without their roots, so
    an authority in it is trusted by itself.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cafile=TESLA_AUTHORITIES)
    # A session that is resumed shows no certificate, and a car connects once a drive.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION
    return context


def trust(context: ssl.SSLContext, pem: str) -> None:
    """Trust more authorities of cars. Raises `ssl.SSLError` for what is no PEM."""
    context.load_verify_locations(cadata=pem)


def show(context: ssl.SSLContext, issued: Issued) -> None:
    """Show this certificate to all who connect from now on; others notice nothing.

    Python reads certificates from files only. The key is in its file for a moment,
    encrypted with a password that nobody else knows. Raises `Unusable` and
    `ssl.SSLError`; then what was shown before still is.
    """
    password = secrets.token_urlsafe(24)
    key = private_key(issued.private_pem)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password.encode()),
    )
    handle, name = tempfile.mkstemp(prefix="keyfob-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(issued.certificate_pem.encode() + b"\n" + encrypted)
        # OpenSSL puts a certificate in the place of the old one, and drops the old key,
        # before it sees that the new key belongs to another.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(name, password=password)
        context.load_cert_chain(name, password=password)
    finally:
        Path(name).unlink()
