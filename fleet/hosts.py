"""Name every address of Tesla that the console talks to or sends people to."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hosts:
    """Hold Tesla's addresses; the simulator stands in for any of them.

    `base_urls` maps a region's code ("na", "eu", "cn") to the base URL of its
    Fleet API, without a slash at the end; a path prefix is allowed.
    `pairing_url` is the part before the domain, `consent_url` the page where
    a person changes what they granted.
    """

    authorize_url: str
    token_url: str
    jwks_url: str
    issuers: tuple[str, ...]
    consent_url: str
    pairing_url: str
    base_urls: Mapping[str, str]


_AUTH = "https://auth.tesla.com"
_AUTH_CN = "https://auth.tesla.cn"

TESLA = Hosts(
    authorize_url=f"{_AUTH}/oauth2/v3/authorize",
    token_url="https://fleet-auth.prd.vn.cloud.tesla.com/oauth2/v3/token",  # noqa: S106 - an address, not a password
    jwks_url=f"{_AUTH}/oauth2/v3/discovery/thirdparty/keys",
    issuers=(
        f"{_AUTH}/oauth2/v3/nts",
        "https://fleet-auth.tesla.com/oauth2/v3/nts",
        f"{_AUTH}/oauth2/v3",
    ),
    consent_url=f"{_AUTH}/user/revoke/consent",
    pairing_url="https://tesla.com/_ak",
    base_urls={
        "na": "https://fleet-api.prd.na.vn.cloud.tesla.com",
        "eu": "https://fleet-api.prd.eu.vn.cloud.tesla.com",
    },
)
"""Tesla outside China. Source: Tesla's pages on authentication and regions."""

TESLA_CHINA = Hosts(
    authorize_url=f"{_AUTH_CN}/oauth2/v3/authorize",
    token_url=f"{_AUTH_CN}/oauth2/v3/token",
    jwks_url=f"{_AUTH_CN}/oauth2/v3/discovery/thirdparty/keys",
    issuers=(f"{_AUTH_CN}/oauth2/v3/nts", f"{_AUTH_CN}/oauth2/v3"),
    consent_url=f"{_AUTH_CN}/user/revoke/consent",
    pairing_url="https://tesla.cn/_ak",
    base_urls={"cn": "https://fleet-api.prd.cn.vn.cloud.tesla.cn"},
)
"""Tesla in mainland China, with accounts and applications of its own."""
