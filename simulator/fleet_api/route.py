"""Describe an address of the Fleet API and one visit to it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiohttp import web

from simulator.answers import refuse
from simulator.config import Application
from simulator.hub import Hub
from simulator.world.cars.car import Car
from simulator.world.persons import Person
from simulator.world.sites.site import Site


class Subject(StrEnum):
    """Name what an address is about, which decides the gates it stands behind."""

    VEHICLE = "vehicle"
    SITE = "site"
    USER = "user"
    PARTNER = "partner"


@dataclass(slots=True)
class Visit:
    """Hold one call after it passed the gates.

    `person` is missing for a partner token; `vehicle` and `energy_site` are there
    when the address names one.
    """

    hub: Hub
    request: web.Request
    region: str
    application: Application
    scopes: tuple[str, ...]
    person: Person | None = None
    car: Car | None = None
    access_type: str = ""
    site: Site | None = None
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def user(self) -> Person:
        """Return the person. Refuses with 401 when a partner token came."""
        if self.person is None:
            raise refuse(401, "unknown user")
        return self.person

    @property
    def vehicle(self) -> Car:
        """Return the car that the address names. Refuses with 404."""
        if self.car is None:
            raise refuse(404, "not_found")
        return self.car

    @property
    def energy_site(self) -> Site:
        """Return the site that the address names. Refuses with 404."""
        if self.site is None:
            raise refuse(404, "not_found")
        return self.site

    def has(self, scope: str) -> bool:
        """Tell whether the token carries a scope."""
        return scope in self.scopes

    def query(self, name: str, default: str = "") -> str:
        """Return a query parameter as text."""
        return self.request.query.get(name, default)

    def number(self, name: str, default: int, most: int) -> int:
        """Return a query parameter as a whole number from 1 up. Refuses with 400."""
        text = self.query(name, str(default))
        if not text.isascii() or not text.isdigit() or int(text[:9]) < 1:
            raise refuse(400, "invalid_request", f"{name} must be a number")
        return min(int(text[:9]), most)


Answerer = Callable[[Visit], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """Describe one address.

    `path` starts behind the region and `/api/1`. Any one of `scopes` opens it; none
    means that any token does. `price` is a key of the ledger's prices. `everywhere` calls answer for
    users of each region, registered or not. `partners_too`: the application's own
    token opens it for any car.
    """

    method: str
    path: str
    answer: Answerer
    scopes: tuple[str, ...] = ()
    subject: Subject = Subject.USER
    price: str = "free"
    everywhere: bool = False
    partners_too: bool = False
