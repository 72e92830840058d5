"""Moments, spans and names that the tests of the world share."""

from datetime import UTC, datetime
from typing import Any

from simulator.world.cars.car import Car
from simulator.world.cars.commands.order import Order
from simulator.world.cars.commands.table import carry_out
from simulator.world.persons import Person

START_AT = datetime(2026, 6, 15, 18, 0, tzinfo=UTC)
MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0
ALL: set[str] = set()
DONE = (True, "")
RECORD = {
    "id",
    "user_id",
    "vehicle_id",
    "vin",
    "color",
    "access_type",
    "display_name",
    "option_codes",
    "cached_data",
    "granular_access",
    "tokens",
    "state",
    "in_service",
    "id_s",
    "calendar_enabled",
    "api_version",
    "backseat_token",
    "backseat_token_updated_at",
    "ble_autopair_enrolled",
}


def charge(car: Car, person: Person) -> dict[str, Any]:
    found = car.vehicle_data(person, {"charge_state"}, with_location=False)
    state: dict[str, Any] = found["charge_state"]
    return state


def tell(car: Car, command: str, /, **fields: Any) -> tuple[bool, str]:
    outcome = carry_out(car, Order(command, fields))
    return outcome.result, outcome.reason


def data_of(car: Car, group: str) -> dict[str, Any]:
    """Return a group as the owner sees it; `drive_state` with the location."""
    owner = car.accesses[0].person
    asked = {group, "location_data"}
    found = car.vehicle_data(owner, asked, with_location=True)
    state: dict[str, Any] = found[group]
    return state
