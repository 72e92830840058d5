"""Move the simulated world: cars, consents, time. Each verb marks what to save."""

from dataclasses import fields
from typing import Any

from simulator.hub import Hub
from simulator.scopes import ordered
from simulator.world.cars.cable import plug_in, unplug
from simulator.world.cars.car import Car
from simulator.world.cars.keys import MAX_KEYS

CAR_STATES = ("online", "asleep", "offline")


class BadOrder(Exception):
    """Say in words what is wrong with an order to the simulator."""


class NoSuchThing(BadOrder):
    """Say that the car, person or application of an order is unknown."""


def advance(hub: Hub, seconds: object) -> None:
    """Move the time ahead. Raises BadOrder for anything but seconds from 0 up."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise BadOrder("the time to advance is a number of seconds")
    if not 0 <= seconds <= 10 * 365 * 86_400:
        raise BadOrder("the time to advance is 0 s to ten years")
    hub.clock.advance(seconds)


def put_car(hub: Hub, vin: str, state: object) -> Car:
    """Put a car in a state at once. Raises BadOrder.

    A car that drives, charges or is in use does not fall asleep.
    """
    car = hub.world.cars.get(vin)
    if car is None:
        raise NoSuchThing(f"there is no car {vin}")
    if state not in CAR_STATES:
        raise BadOrder(f"a car is one of {', '.join(CAR_STATES)}")
    wake = car.condition.wake
    wake.has_signal = state != "offline"
    moment = hub.clock.now().timestamp() if state == "online" else 0.0
    if state != "offline":
        wake.active_s, wake.online_s = moment, 0.0
    hub.store.changed = True
    return car


_FLAGS = ("mobile_access", "user_present", "in_service", "plugged_in", "reboot")
FACTS = (*_FLAGS, "firmware", "more_keys")


def set_facts(hub: Hub, vin: str, facts: dict[str, Any]) -> Car:
    """Change what is true of a car. Raises BadOrder.

    `mobile_access`, `user_present`, `in_service` and `plugged_in` are set; a true
    `reboot` starts the car's computers again. `firmware` is a version, `more_keys` how
    many phones and cards there are beside the built ones.
    """
    car = hub.world.cars.get(vin)
    if car is None:
        raise NoSuchThing(f"there is no car {vin}")
    for name, value in facts.items():
        if name in _FLAGS and isinstance(value, bool):
            _set_flag(hub, car, name, value=value)
        elif name == "firmware" and isinstance(value, str):
            car.condition.firmware = value
        elif name == "more_keys" and type(value) is int and 0 <= value <= MAX_KEYS:
            car.condition.more_keys = value
        else:
            raise BadOrder(f"{name} cannot be set to that")
    hub.store.changed = True
    return car


def _set_flag(hub: Hub, car: Car, name: str, *, value: bool) -> None:
    match name:
        case "mobile_access":
            car.condition.mobile_access = value
        case "user_present":
            car.condition.body.user_present = value
            car.stir()
        case "in_service":
            car.condition.in_service = value
        case "plugged_in":
            if car.moment().motion.is_driving:
                raise BadOrder("a car that drives has no cable")
            (plug_in if value else unplug)(car)
        case _ if value:
            hub.garage.reboot(car)


def pair_car(hub: Hub, vin: str, domain: str) -> None:
    """Put the registered key of a domain on a car. Raises BadOrder."""
    car = hub.world.cars.get(vin)
    registered = hub.registrations_of_domain(domain)
    if car is None or not registered:
        raise NoSuchThing("no such car, or the domain is not registered")
    car.pair(registered[0].public_key_hex, domain)
    hub.store.changed = True


def unpair_car(hub: Hub, vin: str, domain: str) -> None:
    """Take all keys of a domain off a car. Raises NoSuchThing."""
    car = hub.world.cars.get(vin)
    if car is None:
        raise NoSuchThing(f"there is no car {vin}")
    for key_hex, slot in list(car.paired_keys.items()):
        if slot.domain == domain:
            car.unpair(key_hex)
    hub.store.changed = True


def take_car(hub: Hub, vin: str, email: str) -> Car:
    """Take a car from a person's list. Raises NoSuchThing when it is not there."""
    car = hub.world.cars.get(vin)
    if car is None or not car.take_from(email):
        raise NoSuchThing(f"{email} has no car {vin}")
    hub.store.changed = True
    return car


def give_car_back(hub: Hub, vin: str, email: str) -> Car:
    """Put a car back on a person's list. Raises NoSuchThing when it is not gone."""
    car = hub.world.cars.get(vin)
    if car is None or not car.give_back(email):
        raise NoSuchThing(f"the car {vin} is not gone from the list of {email}")
    hub.store.changed = True
    return car


def set_scopes(hub: Hub, email: str, client_id: str, scopes: object) -> None:
    """Change what a person grants; the next access token carries it."""
    _check_person(hub, email)
    if hub.store.grant(client_id, email) is None:
        raise NoSuchThing("this person has granted nothing to this application")
    if not isinstance(scopes, list) or len(ordered(scopes)) != len(scopes):
        raise BadOrder("scopes is a list of known scopes, each once")
    hub.store.consent(client_id, email, ordered(scopes), hub.clock.now())
    hub.drop_configs(client_id, email)


def revoke(hub: Hub, email: str, client_id: str) -> None:
    """End a person's consent: all tokens of it are refused from now on."""
    _check_person(hub, email)
    if not hub.revoke(client_id, email):
        raise NoSuchThing("this person has granted nothing to this application")


def reset_password(hub: Hub, email: str) -> None:
    """End a person's refresh tokens; access tokens live on until they expire."""
    _check_person(hub, email)
    hub.store.reset_password(email)


def set_tempo(hub: Hub, delays: dict[str, Any]) -> None:
    """Set how long things take, in seconds. Raises BadOrder."""
    known = {one.name for one in fields(hub.world.tempo)}
    for name, value in delays.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if name not in known or not (value is None or is_number):
            raise BadOrder(f"the delays are {', '.join(sorted(known))}, in seconds")
    for name, value in delays.items():
        setattr(hub.world.tempo, name, value)


def _check_person(hub: Hub, email: str) -> None:
    if email not in hub.world.persons:
        raise NoSuchThing(f"there is no person {email}")
