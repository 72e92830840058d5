"""Simulate the world behind the Fleet API: persons, cars and energy sites."""

from typing import Any

from simulator.clock import Clock
from simulator.world.cars.access import Access
from simulator.world.cars.car import Car
from simulator.world.cars.keys import KeySlot
from simulator.world.cars.spec import CarSpec
from simulator.world.cast.cars import CARS
from simulator.world.cast.people import make_people
from simulator.world.cast.sites import SITES, empty_site
from simulator.world.persons import Person
from simulator.world.sites.site import Site
from simulator.world.stage import Stage
from simulator.world.tempo import Tempo


class World:
    """Hold every person, car and site of one seed; persons are keyed by email."""

    def __init__(
        self, seed: int = 1, clock: Clock | None = None, *, tempo: Tempo | None = None
    ) -> None:
        self.seed = seed
        self.clock = clock or Clock()
        self.tempo = tempo or Tempo()
        self._stage = Stage(seed, self.clock, self.tempo)
        self.persons: dict[str, Person] = make_people(seed)
        cars = [Car(spec, self._stage, self._accesses(spec)) for spec in CARS]
        self.cars: dict[str, Car] = {car.vin: car for car in cars}
        sites = [Site(spec, self._stage, cars) for spec in SITES]
        self.sites: dict[int, Site] = {site.id: site for site in sites}

    def _accesses(self, spec: CarSpec) -> list[Access]:
        owner = Access(self.persons[spec.owner], "OWNER")
        return [owner] + [
            Access(self.persons[one.email], "DRIVER", one.hide_private)
            for one in spec.drivers
        ]

    def cars_of(self, person: Person) -> list[tuple[Car, str]]:
        """Return the cars a person may see, each with the access type."""
        found = ((car, car.access_of(person)) for car in self.cars.values())
        return [(car, access.access_type) for car, access in found if access]

    def sites_of(self, person: Person) -> list[Site]:
        """Return the energy sites of a person."""
        sites = self.sites.values()
        return [site for site in sites if site.owner_email == person.email]

    def find_car(self, person: Person, tag: str) -> tuple[Car, str] | None:
        """Return the car a tag (VIN, id or id_s) names for that person, or None."""
        for car, access_type in self.cars_of(person):
            if tag in {car.vin, str(car.id)}:
                return car, access_type
        return None

    def redeem(self, person: Person, code: str) -> Car | None:
        """Lend a car to the person who brings an open invitation's code, else None."""
        for car in self.cars.values():
            if car.access_of(person) is None and car.redeem(code, person):
                return car
        return None

    def find_site(self, person: Person, site_id: int) -> Site | None:
        """Return the person's site of that number, or None."""
        sites = self.sites_of(person)
        return next((site for site in sites if site.id == site_id), None)

    def car_named(self, name: str) -> Car:
        """Return the car of that name; raises KeyError when there is none."""
        for car in self.cars.values():
            if car.name == name:
                return car
        raise KeyError(name)

    def site_named(self, name: str) -> Site:
        """Return the site of that name; raises KeyError when there is none."""
        for site in self.sites.values():
            if site.name == name:
                return site
        raise KeyError(name)

    def add_empty_site(self, email: str) -> Site:
        """Give a person a site without any part, as some accounts hold one."""
        site = Site(empty_site(email), self._stage, [])
        self.sites[site.id] = site
        return site

    def adopt_key(self, key_hex: str, domain: str) -> None:
        """Put a newly registered key on the cars whose owner paired long ago.

        A simulator that starts empty cannot know the key with which the cast's paired
        car was paired; the first key that a domain registers stands for it.
        """
        now = self.clock.now()
        for car in self.cars.values():
            known = {slot.domain for slot in car.paired_keys.values()}
            if car.spec.is_paired and domain not in known:
                car.paired_keys[key_hex] = KeySlot(domain, now, now)

    def dump(self) -> dict[str, Any]:
        """Return what a restart must keep, ready for JSON."""
        return {
            "origin_s": self._stage.origin_s,
            "cars": {vin: car.dump() for vin, car in self.cars.items()},
            "sites": {str(number): site.dump() for number, site in self.sites.items()},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up what an earlier `dump` returned; what the seed lacks is dropped."""
        self._stage.origin_s = state["origin_s"]
        for vin, saved in state["cars"].items():
            if vin in self.cars:
                self.cars[vin].load(saved)
                self.cars[vin].lend_again(self.persons.values())
        for site in self.sites.values():
            if str(site.id) in state["sites"]:
                site.load(state["sites"][str(site.id)])
