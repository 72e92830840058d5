"""Fetch an application's public key from its domain, as Tesla does."""

import aiohttp
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

from simulator.config import Config

_PATH = "/.well-known/appspecific/com.tesla.3p.public-key.pem"
_MOST_BYTES = 4096
_TIMEOUT = aiohttp.ClientTimeout(total=5)


class KeyUnavailable(Exception):
    """Say in words why a domain's public key cannot be used."""


def key_url(config: Config, domain: str) -> URL:
    """Return where a domain's key is fetched; a setting may name another host."""
    mapped = URL(config.key_urls.get(domain, f"https://{domain}"))
    return mapped if mapped.path.endswith(".pem") else mapped.with_path(_PATH)


async def fetch_public_key(config: Config, domain: str) -> str:
    """Return the domain's EC P-256 key as an uncompressed point in hexadecimal.

    Raises KeyUnavailable: nothing there, a redirect, no PEM, another kind of key.
    """
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as session,
            session.get(key_url(config, domain), allow_redirects=False) as response,
        ):
            status = response.status
            pem = await response.content.read(_MOST_BYTES + 1)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise KeyUnavailable(f"{domain} cannot be reached") from error
    if status != 200:
        raise KeyUnavailable(f"{domain} answered with status {status}")
    if len(pem) > _MOST_BYTES:
        raise KeyUnavailable("the file is too large")
    return public_key_hex(pem)


def public_key_hex(pem: bytes) -> str:
    """Return the uncompressed point of an EC P-256 PEM. Raises KeyUnavailable."""
    try:
        public_key = serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise KeyUnavailable("the file is not a PEM public key") from error
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        raise KeyUnavailable("the key is too large: it must be EC prime256v1")
    if not isinstance(public_key.curve, ec.SECP256R1):
        raise KeyUnavailable("the curve of the key must be prime256v1")
    point = public_key.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return point.hex()
