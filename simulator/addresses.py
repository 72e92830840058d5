"""Know the addresses of a simulator, and a browser that reads them."""

import ssl
from dataclasses import dataclass

import httpx

from simulator.config import REGIONS, Config


def plain_browser() -> httpx.Client:
    """Return a client with a cookie jar for plain HTTP, made without reading any CA."""
    unread = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(trust_env=False, verify=unread, timeout=10)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Hold the addresses of a simulator that a client has as settings."""

    authorize_url: str
    token_url: str
    jwks_url: str
    issuers: tuple[str, ...]
    consent_url: str
    pairing_url: str
    base_urls: dict[str, str]


def addresses_of(config: Config) -> Addresses:
    """Return every address of a simulator that a client has as a setting."""
    auth = f"{config.public_url}/auth/oauth2/v3"
    return Addresses(
        authorize_url=f"{auth}/authorize",
        token_url=f"{auth}/token",
        jwks_url=f"{auth}/discovery/thirdparty/keys",
        issuers=(config.issuer,),
        consent_url=f"{config.public_url}/auth/user/revoke/consent",
        pairing_url=f"{config.public_url}/_ak",
        base_urls={one: config.base_url(one) for one in REGIONS},
    )
