"""Build `climate_state`."""

from typing import Any

from simulator.world.cars.moment import Moment
from simulator.world.weather import outside_c

_SEATS = ("left", "right", "rear_left", "rear_center", "rear_right")
_SIDES = ("left", "right")
_THIRD_ROW = ("third_row_left", "third_row_right")


def climate_state(moment: Moment) -> dict[str, Any]:
    """Return the group: temperatures °C, heaters 0 to 3, fan 0 to 7."""
    climate = moment.state.climate
    return {
        **_cabin(moment),
        **_comfort(moment),
        "allow_cabin_overheat_protection": True,
        "battery_heater": False,
        "battery_heater_no_power": None,
        "cabin_overheat_protection": climate.overheat_protection,
        "cabin_overheat_protection_actively_cooling": False,
        "climate_keeper_mode": climate.keeper_mode,
        "cop_activation_temperature": climate.overheat_level,
        "supports_fan_only_cabin_overheat_protection": True,
        "timestamp": moment.timestamp_ms,
    }


def _cabin(moment: Moment) -> dict[str, Any]:
    climate, is_on, here = moment.state.climate, moment.is_climate_on, moment.motion
    air_c = outside_c(moment.leg.place.name, here.latitude, here.longitude, moment.at_s)
    effort = abs(moment.anchor.inside_c - climate.driver_c)
    return {
        "bioweapon_mode": climate.bioweapon,
        "defrost_mode": climate.defrost_mode,
        "driver_temp_setting": climate.driver_c,
        "fan_status": min(7, 2 + round(effort / 3.0)) if is_on else 0,
        "hvac_auto_request": "On",
        "inside_temp": round(moment.anchor.inside_c, 1),
        "is_auto_conditioning_on": is_on,
        "is_climate_on": is_on,
        "is_front_defroster_on": climate.defrost_mode > 0,
        "is_preconditioning": climate.is_on and not here.is_driving,
        "is_rear_defroster_on": climate.defrost_mode > 0,
        "left_temp_direction": round(climate.driver_c * 10),
        "max_avail_temp": 28.0,
        "min_avail_temp": 15.0,
        "outside_temp": round(air_c * 2.0) / 2.0,
        "passenger_temp_setting": climate.passenger_c,
        "remote_heater_control_enabled": is_on,
        "right_temp_direction": round(climate.passenger_c * 10),
    }


def _comfort(moment: Moment) -> dict[str, Any]:
    climate = moment.state.climate
    has_third_row = moment.spec.has("third_row_seats")
    seats = _SEATS + _THIRD_ROW if has_third_row else _SEATS
    heaters = {f"seat_heater_{seat}": climate.seats.get(seat, 0) for seat in seats}
    fans: dict[str, int] = {}
    if moment.spec.has("has_seat_cooling"):
        fans = {
            f"seat_fan_front_{side}": climate.coolers.get(side, 0) for side in _SIDES
        }
    return {
        **heaters,
        **fans,
        "auto_seat_climate_left": climate.auto_seat_left,
        "auto_seat_climate_right": climate.auto_seat_right,
        "auto_steering_wheel_heat": climate.auto_wheel_heat,
        "side_mirror_heaters": climate.defrost_mode > 0,
        "steering_wheel_heat_level": climate.wheel_heat,
        "steering_wheel_heater": climate.wheel_heat > 0,
        "wiper_blade_heater": climate.defrost_mode > 0,
    }
