"""Gather what the admin pages show."""

from typing import Any

from simulator.hub import Hub
from simulator.world.cars.car import Car
from simulator.world.persons import Person


def overview(hub: Hub) -> dict[str, Any]:
    """Return time, people, cars, counts, switches and faults, ready for JSON."""
    return {
        "now": hub.clock.now().isoformat(),
        "persons": [_person(hub, one) for one in hub.world.persons.values()],
        "cars": [_car(hub, one) for one in hub.world.cars.values()],
        "registrations": [
            {"region": one.region, "client_id": one.client_id, "domain": one.domain}
            for one in hub.store.registrations.values()
        ],
        "billed": hub.ledger.billed(),
        "usd": f"{hub.ledger.dollars():.3f}",
        "switches": hub.switches.as_json(),
        "faults": [fault.as_json() for fault in hub.faults.orders],
    }


def _person(hub: Hub, person: Person) -> dict[str, Any]:
    grants = [one for one in hub.store.grants.values() if one.email == person.email]
    return {
        "email": person.email,
        "name": person.name,
        "region": person.region,
        "grants": [
            {"client_id": one.client_id, "scopes": list(one.scopes)} for one in grants
        ],
    }


def _car(hub: Hub, car: Car) -> dict[str, Any]:
    access = [
        {"email": person.email, "access_type": access_type}
        for person in hub.world.persons.values()
        for one, access_type in hub.world.cars_of(person)
        if one is car
    ]
    return {
        "vin": car.vin,
        "name": car.name,
        "state": car.state,
        "firmware": car.firmware,
        "command_signing": car.command_signing,
        "mobile_access": car.condition.mobile_access,
        "user_present": car.condition.body.user_present,
        "plugged_in": car.moment().leg.plug is not None,
        "commands": [one.as_json() for one in hub.commands.of(car.vin)],
        "keys": [slot.domain for slot in car.paired_keys.values()],
        "configs": [
            {"client_id": one.client_id, "config": one.config}
            for one in hub.store.configs.values()
            if one.vin == car.vin
        ],
        "access": access,
        "gone_from": car.gone_from,
    }
