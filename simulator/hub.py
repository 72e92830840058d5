"""Hold one running simulator: its world, its memory and its moods."""

from collections import deque
from typing import Any

from aiohttp import web

from simulator.clock import Clock
from simulator.command_log import CommandLog
from simulator.config import Config
from simulator.faults import Faults
from simulator.keys import SigningKey, new_key
from simulator.ledger import Ledger
from simulator.limits import RateLimits
from simulator.saving import read_saved, write_saved
from simulator.signed.garage import Garage
from simulator.store import Registration, Store
from simulator.switches import Switches
from simulator.world import World
from simulator.world.persons import Person


class Hub:
    """Hold everything that the doors of one simulator share.

    With a folder in the config, what was saved there is taken up at once; without a
    key, one is made. A world that is given brings its own clock.
    """

    def __init__(
        self,
        config: Config,
        world: World | None = None,
        key: SigningKey | None = None,
    ) -> None:
        self.config = config
        self._begin(world or World(config.seed, Clock()))
        saved = read_saved(config.folder) if config.folder else None
        self.key = key or new_key() if saved is None else self._take_up(saved)

    def _begin(self, world: World) -> None:
        self.world = world
        self.clock = world.clock
        self.store = Store()
        self.ledger = Ledger()
        self.faults = Faults(self.clock)
        self.limits = RateLimits()
        self.garage = Garage()
        self.commands = CommandLog()
        self.mishaps: deque[tuple[str, str]] = deque()
        self.switches = Switches(rate_limits=self.config.rate_limits)

    def _take_up(self, saved: dict[str, Any]) -> SigningKey:
        self.store.load(saved["store"])
        self.world.load(saved["world"])
        return SigningKey.from_pem(saved["key"])

    def reset(self, world: World | None = None) -> None:
        """Go back to the seeded start; the signing key stays.

        To be called in the server's own loop, since it drops calls that hang.
        """
        self.faults.release()
        tempo = self.world.tempo
        self._begin(world or World(self.config.seed, Clock(), tempo=tempo))
        self.store.changed = True

    def save(self) -> None:
        """Write grants, registrations, paired keys and the RSA key to the folder."""
        self.store.changed = False
        if self.config.folder is not None:
            write_saved(
                self.config.folder,
                {
                    "key": self.key.pem,
                    "store": self.store.dump(),
                    "world": self.world.dump(),
                },
            )

    def person_of_sub(self, sub: str) -> Person | None:
        """Return the person with this user UUID, or None."""
        for person in self.world.persons.values():
            if person.sub == sub:
                return person
        return None

    def revoke(self, client_id: str, email: str) -> bool:
        """End a person's consent, and what their cars stream by it; False for none."""
        revoked = self.store.revoke(client_id, email)
        self.drop_configs(client_id, email)
        return revoked

    def drop_configs(self, client_id: str, email: str) -> None:
        """End what a person's cars stream, but for cars by another person's consent.

        Tesla does so by itself when a consent, or its scope for cars, is taken back.
        """
        for car, _ in self.world.cars_of(self.world.persons[email]):
            if not any(
                self._lets_stream(client_id, other.email)
                for other in self.world.persons.values()
                if car.access_of(other)
            ):
                self.store.remove_config(client_id, car.vin)

    def _lets_stream(self, client_id: str, email: str) -> bool:
        grant = self.store.grant(client_id, email)
        return grant is not None and "vehicle_device_data" in grant.scopes

    def registration(self, region: str, client_id: str) -> Registration | None:
        """Return an application's registration in a region, or None."""
        return self.store.registrations.get((region, client_id))

    def registrations_of_domain(self, domain: str) -> list[Registration]:
        """Return the registrations made for a domain, in any region."""
        wanted = domain.lower()
        return [
            one for one in self.store.registrations.values() if one.domain == wanted
        ]


HUB = web.AppKey("hub", Hub)


def hub_of(request: web.Request) -> Hub:
    """Return the hub of the application that got this request."""
    return request.config_dict[HUB]
