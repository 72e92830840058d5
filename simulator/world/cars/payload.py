"""Put together the groups that a `vehicle_data` call asks for."""

from typing import Any

from simulator.world.cars.groups.body import closures, vehicle_state
from simulator.world.cars.groups.charge import charge_state
from simulator.world.cars.groups.climate import climate_state
from simulator.world.cars.groups.drive import drive_state, location
from simulator.world.cars.groups.schedules import (
    charge_schedule_data,
    preconditioning_schedule_data,
)
from simulator.world.cars.groups.settings import gui_settings, vehicle_config
from simulator.world.cars.moment import Moment

_COMBO = frozenset(
    {
        "charge_state",
        "climate_state",
        "closures_state",
        "drive_state",
        "gui_settings",
        "vehicle_config",
        "vehicle_state",
    }
)
_BUILDERS = {
    "charge_state": charge_state,
    "climate_state": climate_state,
    "drive_state": drive_state,
    "vehicle_state": vehicle_state,
    "charge_schedule_data": charge_schedule_data,
    "preconditioning_schedule_data": preconditioning_schedule_data,
}


def vehicle_data_groups(
    moment: Moment, groups: set[str], *, with_location: bool
) -> dict[str, Any]:
    """Return the asked groups; none asked means all but schedules and location.

    `closures_state` lands in `vehicle_state`, `location_data` in `drive_state`, as on
    firmware from 2023.38 on; unknown names are ignored.
    """
    wanted = set(groups)
    if not groups or "vehicle_data_combo" in groups:
        wanted |= _COMBO
    found = {name: build(moment) for name, build in _BUILDERS.items() if name in wanted}
    if "gui_settings" in wanted:
        found["gui_settings"] = gui_settings(
            moment.spec, moment.state.units, moment.timestamp_ms
        )
    if "vehicle_config" in wanted:
        found["vehicle_config"] = vehicle_config(moment.spec, moment.timestamp_ms)
    if "closures_state" in wanted and "vehicle_state" not in found:
        stamp = {"timestamp": moment.timestamp_ms}
        found["vehicle_state"] = {**closures(moment), **stamp}
    if "location_data" in wanted and with_location:
        found["drive_state"] = {**found.get("drive_state", {}), **location(moment)}
    return found
