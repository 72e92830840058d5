"""Run a simulator in a thread of the test's own process."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Self, cast
from urllib.parse import urlencode

from aiohttp import web

from simulator.addresses import Addresses, addresses_of, plain_browser
from simulator.app import make_app
from simulator.auth.minting import LIFE, access_token, id_token, partner_token
from simulator.clock import Clock
from simulator.config import REGIONS, Application, Config
from simulator.faults import Faults
from simulator.hub import HUB, Hub
from simulator.keys import shared_key
from simulator.ledger import Call
from simulator.scopes import SCOPES
from simulator.serving import Serving
from simulator.store import Registration
from simulator.streaming.lines import LINES, Lines
from simulator.world import World

__all__ = [
    "APPLICATION",
    "ASKED",
    "DOMAIN",
    "Addresses",
    "RunningSimulator",
    "plain_browser",
]

DOMAIN = "keys.example.com"
APPLICATION = Application(
    client_id="test-client",
    client_secret="test-secret",  # noqa: S106 - opens nothing but the simulator
    redirect_uris=("http://localhost:8000/callback",),
    allowed_origins=("https://example.com",),
    name="Test application",
)
ASKED = tuple(scope for scope in SCOPES if scope not in ("email", "profile"))


class RunningSimulator(Serving):
    """Serve a simulator on a free port while the `with` block runs.

    `at` makes time stand still there until advanced. `folder` saves the state. Cars
    stream only when `telemetry_hosts` is given, even an empty one.
    After `reset()`, `world`, `clock`, `faults` and `hub` are new objects: ask the
    simulator for them again.
    """

    def __init__(  # noqa: PLR0913 - what a test may want to choose
        self,
        *,
        applications: Iterable[Application] = (APPLICATION,),
        key_urls: dict[str, str] | None = None,
        seed: int = 1,
        at: datetime | None = None,
        config: Config | None = None,
        telemetry_hosts: dict[str, str] | None = None,
    ) -> None:
        super().__init__(lambda: self._app)
        self._at = at
        given = config or Config(self.url, tuple(applications), seed=seed)
        self._config = replace(
            given,
            public_url=self.url,
            key_urls=dict(key_urls or given.key_urls),
            telemetry_hosts=telemetry_hosts or {},
            streams=telemetry_hosts is not None,
            tick_s=0.05,
        )
        self._app: web.Application
        self.hub: Hub

    def __enter__(self) -> Self:
        self._app = make_app(self._config, self._new_world(), shared_key())
        self.hub = self._app[HUB]
        return super().__enter__()

    def _new_world(self) -> World:
        return World(self._config.seed, Clock(self._at))

    @property
    def lines(self) -> Lines:
        """Return the streams of the cars; to be changed in the server's loop only."""
        return self._app[LINES]

    @property
    def telemetry_hosts(self) -> dict[str, str]:
        """Return where cars really reach telemetry servers; may be added to."""
        return cast(dict[str, str], self.hub.config.telemetry_hosts)

    @property
    def telemetry_ca(self) -> str:
        """Return the certificate of the cars' CA, as PEM."""
        return self._app[LINES].authority.pem

    @property
    def world(self) -> World:
        """Return the simulated world."""
        return self.hub.world

    @property
    def clock(self) -> Clock:
        """Return the simulator's clock."""
        return self.hub.clock

    @property
    def faults(self) -> Faults:
        """Return the orders for bad weather, to add to and to clear."""
        return self.hub.faults

    @property
    def calls(self) -> list[Call]:
        """Return the calls since the start or the last reset, oldest first."""
        return self.hub.ledger.calls

    @property
    def key_urls(self) -> dict[str, str]:
        """Return where the keys of domains are really fetched; may be added to."""
        known = self.hub.config.key_urls
        return known if isinstance(known, dict) else dict(known)

    @property
    def addresses(self) -> Addresses:
        """Return every address that a client of Tesla has as a setting."""
        return addresses_of(self.hub.config)

    def billed(self) -> dict[str, int]:
        """Return billable calls by category: data, commands, wakes, specs."""
        return self.hub.ledger.billed()

    def release(self) -> None:
        """End all orders for bad weather and drop the calls that hang."""
        self.hub.faults.clear()
        self.do(self.hub.faults.release)

    def reset(self) -> None:
        """Go back to the seeded start: new world, no grants, no faults, no calls."""
        self.do(lambda: self.hub.reset(self._new_world()))

    def add_application(self, application: Application) -> None:
        """Make one more application known, or replace the one of that client id."""
        config = self.hub.config
        others = [
            one for one in config.applications if one.client_id != application.client_id
        ]
        self.hub.config = replace(config, applications=(*others, application))

    def register(
        self,
        public_key_hex: str,
        domain: str = DOMAIN,
        *,
        client_id: str = APPLICATION.client_id,
        regions: Iterable[str] = REGIONS,
    ) -> None:
        """Register an application in regions at once, without its key being fetched."""
        now = self.clock.now()
        for region in regions:
            self.hub.store.registrations[region, client_id] = Registration(
                region, client_id, domain, public_key_hex, now, now
            )
        self.world.adopt_key(public_key_hex, domain)

    def link(
        self,
        email: str,
        scopes: Iterable[str] = ASKED,
        *,
        client_id: str = APPLICATION.client_id,
    ) -> dict[str, Any]:
        """Grant scopes and return what the token endpoint would, without any HTTP."""
        hub, person = self.hub, self.world.persons[email]
        now = hub.clock.now()
        grant = hub.store.consent(client_id, email, tuple(scopes), now)
        return {
            "access_token": access_token(hub, grant, person),
            "refresh_token": grant.begin(person.region.upper(), now),
            "id_token": id_token(hub, grant, person, ""),
            "expires_in": int(LIFE.total_seconds()),
            "token_type": "Bearer",
        }

    def stream(self, vin: str, *, client_id: str = APPLICATION.client_id) -> None:
        """Have a car stream its charge to an application, without any HTTP."""
        fields = {"Soc": {"interval_seconds": 60}}
        config = {"hostname": f"telemetry.{DOMAIN}", "port": 443, "fields": fields}
        self.hub.store.configure(client_id, vin, config, self.clock.now())

    def streams(self, *, client_id: str = APPLICATION.client_id) -> list[str]:
        """Return the VINs of the cars that are told to stream to an application."""
        configs = self.hub.store.configs.values()
        return sorted(one.vin for one in configs if one.client_id == client_id)

    def partner_token(
        self, region: str = "na", *, client_id: str = APPLICATION.client_id
    ) -> str:
        """Return a partner token for a region, without any HTTP."""
        application = self.hub.config.application(client_id)
        if application is None:
            raise KeyError(client_id)
        audience = self.hub.config.base_url(region)
        return partner_token(self.hub, application, audience, ("openid",))

    def authorize(  # noqa: PLR0913 - the parameters of an authorize address
        self,
        email: str,
        scopes: Iterable[str] = ASKED,
        redirect_uri: str = APPLICATION.redirect_uris[0],
        state: str = "state",
        *,
        client_id: str = APPLICATION.client_id,
        deny: bool = False,
        **more: str,
    ) -> str:
        """Sign in, consent to all scopes asked for, and return the callback address.

        `more` are further parameters of the authorize address, such as `nonce`.
        """
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(scopes),
            "state": state,
            **more,
        }
        address = f"{self.addresses.authorize_url}?{urlencode(asked)}"
        return self.follow(address, email, deny=deny)

    def follow(
        self,
        authorize_url: str,
        email: str,
        *,
        scopes: Iterable[str] = SCOPES,
        deny: bool = False,
    ) -> str:
        """Do on an authorize address what a person does in a browser.

        Ticks those of the scopes that are offered; returns the callback address.
        Raises LookupError when the simulator shows an error page.
        """
        login = {"step": "login", "person": email}
        decision = "deny" if deny else "allow"
        consent = {"step": "consent", "decision": decision, "scope": list(scopes)}
        with plain_browser() as browser:
            response = browser.get(authorize_url)
            for form in (login, consent):
                if response.status_code == 302:
                    break
                response = browser.post(authorize_url, data=form)
        if response.status_code != 302:
            raise LookupError(f"no way back, status {response.status_code}")
        return response.headers["Location"]
