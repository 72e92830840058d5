"""Do what only signed messages ask for: pick-up parts, light shows, units, looks."""

from collections.abc import Callable
from typing import Any

from simulator.world.cars import chargers
from simulator.world.cars.commands.order import (
    KEYCHAIN_FULL,
    NOT_OVER_TRANSPORT,
    NOT_SUPPORTED,
    CannotDo,
    Row,
    Work,
)
from simulator.world.cars.keys import MAX_KEYS

_UNITS = {
    "set_distance_unit": ("unit", "gui_distance_units", ("mi/hr", "km/hr")),
    "set_temperature_unit": ("unit", "gui_temperature_units", ("F", "C")),
    "set_tire_pressure_unit": ("unit", "gui_tirepressure_units", ("Psi", "Bar")),
    "set_time_display_format": ("format", "gui_24_hour_time", (False, True)),
    "set_energy_display_format": ("format", "gui_range_display", ("Percent", "Rated")),
}
# Fields and the greatest value of each; a flag where there is none.
_PICKUP: dict[str, tuple[str, int | None]] = {
    "set_outlets": ("request", 2),
    "set_outlet_timer": ("num_minutes", 1440),
    "set_outlet_soc_limit": ("percent", 100),
    "set_power_feed": ("request", 3),
    "set_power_feed_timer": ("num_minutes", 1440),
    "set_power_feed_soc_limit": ("percent", 100),
    "set_powershare_discharge_limit": ("percent", 100),
    "set_powershare_feature": ("on", None),
    "set_powershare_request": ("on", None),
    "set_lightbar_brightness": ("brightness", 255),
    "set_lightbar_middle": ("on", None),
    "set_lightbar_ditch": ("on", None),
    "set_tent_mode": ("on", None),
    "set_trailer_light_test": ("on", None),
    "set_truck_bed_light_auto": ("on", None),
    "set_truck_bed_light_brightness": ("brightness", 255),
    "front_zone_light": ("level", 3),
    "rear_zone_light": ("level", 3),
}


def _unit(name: str) -> Callable[[Work], None]:
    field, shown, words = _UNITS[name]

    def run(work: Work) -> None:
        work.state.units[shown] = words[work.whole(field, 0, 1)]

    return run


def _pickup(name: str) -> Callable[[Work], None]:
    field, most = _PICKUP[name]

    def run(work: Work) -> None:
        value = work.flag(field) if most is None else work.whole(field, 0, most)
        work.need_part("tonneau")
        work.state.extras[name] = value

    return run


def _kept(name: str, field: str) -> Callable[[Work], None]:
    def run(work: Work) -> None:
        work.state.extras[name] = work.flag(field)

    return run


def _suspension(work: Work) -> None:
    level = work.whole("level", 1, 10)
    work.need_part("has_air_suspension")
    work.state.extras["suspension_level"] = level


def _light_show(work: Work) -> None:
    work.whole("show_index", 0, 100, default=0)
    work.need_park()
    work.state.extras["light_show"] = True


def _end_light_show(work: Work) -> None:
    work.state.extras["light_show"] = False


def _save_clip(work: Work) -> None:
    if not (work.moment.motion.is_driving or work.state.body.sentry_mode):
        raise CannotDo(NOT_SUPPORTED)


def _video(work: Work) -> None:
    work.text("url")


def _nothing(work: Work) -> None:
    """Succeed without any effect that can be seen."""


def _nearby(work: Work) -> Any:
    count = work.whole("count", 0, 100, default=0) or 10
    radius = work.whole("radius", 0, 1000, default=0) or 100
    return chargers.nearby(work.moment, count, radius)


def _change_keys(work: Work) -> None:
    """Refuse to take keys over the internet; they are added beside the car."""
    full = work.car.key_count >= MAX_KEYS
    raise CannotDo(KEYCHAIN_FULL if full else NOT_OVER_TRANSPORT)


def _remove_keys(work: Work) -> None:
    """Delete keys that were lent for a while; no car of the cast holds any."""


EXTRAS = {
    "set_low_power_mode": Row(_kept("low_power_mode", "enable")),
    "keep_accessory_power_mode": Row(_kept("keep_accessory_power", "enable")),
    "set_suspension_level": Row(_suspension, custom=True),
    "start_light_show": Row(_light_show, custom=True),
    "stop_light_show": Row(_end_light_show, custom=True),
    "dashcam_save": Row(_save_clip, custom=True),
    "play_video": Row(_video, custom=True),
    "cancel_soh_test": Row(_nothing, custom=True),
    "set_rate_tariff": Row(_nothing, custom=True),
    "get_rate_tariff": Row(_nothing, custom=True),
    "ping": Row(_nothing, custom=True),
    "get_nearby_charging_sites": Row(_nearby, custom=True),
    "get_vehicle_data": Row(_nothing, custom=True),
    "remove_key": Row(_remove_keys, owner=True, custom=True),
    "change_keys": Row(_change_keys, owner=True, custom=True),
    "get_keys": Row(_nothing, custom=True),
    "get_status": Row(_nothing, custom=True),
    "wake": Row(_nothing, custom=True),
} | {
    name: Row(make(name), custom=True)
    for names, make in ((_UNITS, _unit), (_PICKUP, _pickup))
    for name in names
}
