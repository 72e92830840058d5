"""Build the tire part of `vehicle_state`."""

from typing import Any

from simulator.world.cars.moment import Moment
from simulator.world.draws import draw_between, draw_int
from simulator.world.weather import outside_c

_WHEELS = ("fl", "fr", "rl", "rr")
_EVERY_S = 60


def tires(moment: Moment) -> dict[str, Any]:
    """Return pressures in bar, in steps of 0.025; warm when driving, low when cold."""
    wanted_bar = moment.spec.model.tire_bar
    state: dict[str, Any] = {
        "tpms_rcp_front_value": wanted_bar,
        "tpms_rcp_rear_value": wanted_bar,
    }
    for wheel in _WHEELS:
        bar = _pressure_bar(moment, wheel)
        state[f"tpms_hard_warning_{wheel}"] = bar < wanted_bar * 0.75
        state[f"tpms_last_seen_pressure_time_{wheel}"] = _seen_s(moment, wheel)
        state[f"tpms_pressure_{wheel}"] = bar
        state[f"tpms_soft_warning_{wheel}"] = bar < wanted_bar * 0.85
    return state


def _seen_s(moment: Moment, wheel: str) -> int:
    """Return when a sensor was heard last: once a minute, and never while parked."""
    parked_s = 0.0 if moment.motion.is_driving else moment.elapsed_s
    late_s = draw_int(0, _EVERY_S - 1, moment.vin, wheel, "seen")
    heard_s = int(moment.at_s - parked_s) - late_s
    return heard_s // _EVERY_S * _EVERY_S + late_s


def _pressure_bar(moment: Moment, wheel: str) -> float:
    spec, here = moment.spec, moment.motion
    air_c = outside_c(moment.leg.place.name, here.latitude, here.longitude, moment.at_s)
    leak = draw_between(0.94, 1.0, moment.vin, wheel, "tire")
    warm = 0.15 if here.is_driving else 0.0
    bar = spec.model.tire_bar * leak + warm + (air_c - 20.0) * 0.01
    return round(bar / 0.025) * 0.025
