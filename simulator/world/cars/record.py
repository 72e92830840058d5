"""Build the vehicle record and the car's entry in `products`."""

from typing import Any

from simulator.world.cars.access import Access
from simulator.world.cars.groups.settings import vehicle_config
from simulator.world.cars.spec import CarSpec
from simulator.world.cars.state import CarState
from simulator.world.draws import draw_hex, draw_int


def ids(seed: int, vin: str) -> tuple[int, int]:
    """Return the car's `id` and `vehicle_id`, which are different numbers."""
    record_id = draw_int(1_492_900_000_000_000, 1_492_939_999_999_999, seed, vin, "id")
    return record_id, draw_int(1_000_000_000, 1_999_999_999, seed, vin, "vehicle")


def record(
    seed: int, vin: str, access: Access, state: CarState, reported: str
) -> dict[str, Any]:
    """Return the record as one person sees it; `color` is null as Tesla sends it."""
    record_id, vehicle_id = ids(seed, vin)
    tokens = [draw_hex(16, seed, vin, "mobile", number) for number in (1, 2)]
    return {
        "id": record_id,
        "user_id": access.person.user_id,
        "vehicle_id": vehicle_id,
        "vin": vin,
        "color": None,
        "access_type": access.access_type,
        "display_name": state.name,
        "option_codes": None,
        "cached_data": None,
        "granular_access": {"hide_private": access.hide_private},
        "tokens": tokens,
        "state": reported,
        "in_service": state.in_service,
        "id_s": str(record_id),
        "calendar_enabled": True,
        "api_version": 90,
        "backseat_token": None,
        "backseat_token_updated_at": None,
        "ble_autopair_enrolled": False,
    }


def product(spec: CarSpec, found: dict[str, Any], at_s: float) -> dict[str, Any]:
    """Return the entry in `products`: the record, configuration and signing."""
    return {
        **found,
        "device_type": "vehicle",
        "vehicle_config": vehicle_config(spec, int(at_s * 1000)),
        "command_signing": spec.command_signing,
        "release_notes_supported": True,
    }
