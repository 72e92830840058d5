"""Simulate the world behind the Fleet API: persons, cars and energy sites."""

from typing import Any

from simulator.clock import Clock
from simulator.world.cars.car import Car
from simulator.world.persons import Person
from simulator.world.sites.site import Site
from simulator.world.tempo import Tempo


class World:
    """Hold every person, car and site of one seed; persons are keyed by email."""

    persons: dict[str, Person]
    cars: dict[str, Car]
    sites: dict[int, Site]

    def __init__(
        self, seed: int = 1, clock: Clock | None = None, *, tempo: Tempo | None = None
    ) -> None:
        self.seed = seed
        self.clock = clock or Clock()
        self.tempo = tempo or Tempo()

    def cars_of(self, person: Person) -> list[tuple[Car, str]]:
        """Return the cars a person may see, each with the access type."""
        raise NotImplementedError

    def sites_of(self, person: Person) -> list[Site]:
        """Return the energy sites of a person."""
        raise NotImplementedError

    def find_car(self, person: Person, tag: str) -> tuple[Car, str] | None:
        """Return the car a tag (VIN, id or id_s) names for that person, or None."""
        raise NotImplementedError

    def find_site(self, person: Person, site_id: int) -> Site | None:
        """Return the person's site of that number, or None."""
        raise NotImplementedError

    def adopt_key(self, key_hex: str, domain: str) -> None:
        """Put a newly registered key on the cars whose owner paired long ago."""
        raise NotImplementedError

    def dump(self) -> dict[str, Any]:
        """Return what a restart must keep, ready for JSON."""
        raise NotImplementedError

    def load(self, state: dict[str, Any]) -> None:
        """Take up what an earlier `dump` returned."""
        raise NotImplementedError
