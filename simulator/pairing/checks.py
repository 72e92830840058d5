"""Check what the Tesla app checks before it adds a virtual key to a car."""

from simulator.hub import Hub
from simulator.public_keys import KeyUnavailable, fetch_public_key
from simulator.store import Registration
from simulator.world.cars.car import Car
from simulator.world.persons import Person

_SCOPES = {"vehicle_device_data", "vehicle_cmds", "vehicle_location"}


class CannotPair(Exception):
    """Say in the app's words why a key is not added."""


async def check_domain(hub: Hub, person: Person, domain: str) -> str:
    """Return the key to add, hexadecimal, fetched at this moment.

    Raises CannotPair: not registered in the person's region, not granted, not found.
    """
    registered = [
        one
        for one in hub.registrations_of_domain(domain)
        if one.region == person.region
    ]
    if not registered:
        raise CannotPair("This application has not registered with Tesla.")
    if not any(_is_granted(hub, one, person) for one in registered):
        raise CannotPair("User has not granted this third-party app access.")
    try:
        return await fetch_public_key(hub.config, domain.lower())
    except KeyUnavailable as error:
        raise CannotPair(f"The public key could not be fetched: {error}.") from error


def _is_granted(hub: Hub, registration: Registration, person: Person) -> bool:
    grant = hub.store.grant(registration.client_id, person.email)
    return grant is not None and bool(_SCOPES & set(grant.scopes))


def check_car(car: Car) -> None:
    """Pass when the car can take a key now. Raises CannotPair."""
    if car.command_signing == "off":
        raise CannotPair("This car does not use virtual keys.")
    if car.state != "online":
        raise CannotPair(f"{car.name} is {car.state}. Wake it, then try again.")
