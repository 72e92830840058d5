"""Moments, spans and names that the tests of the world share."""

from datetime import UTC, datetime
from typing import Any

from simulator.world.cars.car import Car
from simulator.world.persons import Person

START_AT = datetime(2026, 6, 15, 18, 0, tzinfo=UTC)
MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0
ALL: set[str] = set()
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
