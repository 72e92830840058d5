"""Hold what a simulator is started with: its address, its applications, its seed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from simulator.scopes import SCOPES

REGIONS = ("na", "eu", "cn")


@dataclass(frozen=True, slots=True)
class Application:
    """Describe one application as its owner typed it into the developer portal.

    `scopes` are those ticked in the portal; others vanish silently from the consent
    page, as with the real Tesla.
    """

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uris: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    name: str = "Third-party application"
    scopes: tuple[str, ...] = SCOPES

    @property
    def account_id(self) -> str:
        """Return the developer account's UUID, the same at every start."""
        return str(uuid5(NAMESPACE_URL, f"developer-account:{self.client_id}"))


@dataclass(frozen=True, slots=True)
class Config:
    """Hold the settings of one simulator.

    `key_urls` maps a domain to the address where its public key is really fetched;
    a domain that is not in it is fetched by https from the domain itself.
    `telemetry_hosts` maps host names of telemetry servers to the address, with or
    without a port, where cars really reach them. The certificate of the cars' CA is
    written to `ca_file` too. Cars stream when `streams`, and look at their world every
    `tick_s` seconds.
    """

    public_url: str
    applications: tuple[Application, ...] = ()
    key_urls: Mapping[str, str] = field(default_factory=dict)
    seed: int = 1
    folder: Path | None = None
    rate_limits: bool = True
    telemetry_hosts: Mapping[str, str] = field(default_factory=dict)
    ca_file: Path | None = None
    streams: bool = True
    tick_s: float = 0.5

    @property
    def issuer(self) -> str:
        """Return the `iss` of every signed token."""
        return f"{self.public_url}/auth/oauth2/v3/nts"

    def base_url(self, region: str) -> str:
        """Return the Fleet API's base URL of a region: `na`, `eu` or `cn`."""
        return f"{self.public_url}/{region}"

    def application(self, client_id: str) -> Application | None:
        """Return the application with this client id, or None."""
        for application in self.applications:
            if application.client_id == client_id:
                return application
        return None
