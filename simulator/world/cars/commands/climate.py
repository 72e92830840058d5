"""Heat and cool the cabin, its seats and the steering wheel."""

from simulator.world.cars.commands.order import (
    NOT_SUPPORTED,
    BadField,
    CannotDo,
    Row,
    Work,
)

_KEEPERS = ("off", "keep", "dog", "camp")
_OVERHEAT_LEVELS = ("Low", "Medium", "High")
_SEATS = (
    "left",
    "right",
    "rear_left",
    "rear_left_back",
    "rear_center",
    "rear_right",
    "rear_right_back",
    "third_row_left",
    "third_row_right",
)
# What a car says when seats and wheel are to be warmed while the climate is off.
_COMFORT_OFF = "cabin comfort remote settings not enabled"


def _start(work: Work) -> None:
    work.state.climate.is_on = True


def _stop(work: Work) -> None:
    climate = work.state.climate
    climate.is_on = climate.bioweapon = False
    climate.keeper_mode, climate.defrost_mode = "off", 0


def _temps(work: Work) -> None:
    """Set both sides; the car brings what is too much to its own 15 to 28 °C."""
    climate = work.state.climate
    driver_c = work.number("driver_temp", -50, 100)
    passenger_c = driver_c
    if work.has("passenger_temp"):
        passenger_c = work.number("passenger_temp", -50, 100)
    climate.driver_c = min(28.0, max(15.0, driver_c))
    climate.passenger_c = min(28.0, max(15.0, passenger_c))


def _preconditioning_max(work: Work) -> None:
    climate, is_on = work.state.climate, work.flag("on")
    work.flag("manual_override", default=False)
    climate.defrost_mode = 2 if is_on else 0
    climate.is_on = is_on


def _bioweapon(work: Work) -> None:
    climate = work.state.climate
    climate.bioweapon = work.flag("on")
    work.flag("manual_override", default=False)
    climate.is_on = climate.is_on or climate.bioweapon


def _keeper(work: Work) -> None:
    number = work.whole("climate_keeper_mode", 0, len(_KEEPERS) - 1)
    work.need_park()
    work.state.climate.keeper_mode = _KEEPERS[number]
    work.state.climate.is_on = number > 0 or work.state.climate.is_on


def _overheat(work: Work) -> None:
    is_on, fan_only = work.flag("on"), work.flag("fan_only", default=False)
    mode = "FanOnly" if fan_only else "On"
    work.state.climate.overheat_protection = mode if is_on else "Off"


def _overheat_level(work: Work) -> None:
    number = work.whole("cop_temp", 0, len(_OVERHEAT_LEVELS) - 1)
    work.need_part("cop_user_set_temp_supported")
    work.state.climate.overheat_level = _OVERHEAT_LEVELS[number]


def _need_comfort(work: Work) -> None:
    if not work.moment.is_climate_on:
        raise CannotDo(_COMFORT_OFF)


def _seat_heater(work: Work) -> None:
    """Set one seat; older clients call the seat `heater`."""
    position = "seat_position" if work.has("seat_position") else "heater"
    number = work.whole(position, 0, len(_SEATS) - 1)
    amount = "level" if work.has("level") else "seat_heater_level"
    _heat(work, {_SEATS[number]: work.whole(amount, 0, 3)})


def _seat_heaters(work: Work) -> None:
    """Set several seats at once: `seats` names each by number as text, with a level."""
    seats = work.fields.get("seats")
    if not isinstance(seats, dict):
        raise BadField("seats")
    _heat(work, {_SEATS[int(number)]: level for number, level in seats.items()})


def _heat(work: Work, levels: dict[str, int]) -> None:
    _need_comfort(work)
    if any(seat.startswith("third") for seat in levels):
        work.need_part("third_row_seats")
    work.state.climate.seats.update(levels)


def _seat_cooler(work: Work) -> None:
    number = work.whole("seat_position", 1, 2)
    level = work.whole("seat_cooler_level", 0, 3)
    work.need_part("has_seat_cooling")
    _need_comfort(work)
    work.state.climate.coolers["left" if number == 1 else "right"] = level


def _auto_seat(work: Work) -> None:
    number = work.whole("auto_seat_position", 1, 2)
    is_on = work.flag("auto_climate_on")
    if number == 1:
        work.state.climate.auto_seat_left = is_on
    else:
        work.state.climate.auto_seat_right = is_on


def _wheel(work: Work) -> None:
    is_on = work.flag("on")
    _need_comfort(work)
    work.state.climate.wheel_heat = 3 if is_on else 0


def _wheel_level(work: Work) -> None:
    level = work.whole("level", 0, 3)
    if level == 2:
        raise BadField("level")
    _need_comfort(work)
    work.state.climate.wheel_heat = level


def _auto_wheel(work: Work) -> None:
    work.state.climate.auto_wheel_heat = work.flag("on")


def _recirculation(work: Work) -> None:
    if not work.moment.is_climate_on:
        raise CannotDo(NOT_SUPPORTED)
    work.state.extras["hvac_recirculation"] = work.flag("on")


CLIMATE = {
    "auto_conditioning_start": Row(_start),
    "auto_conditioning_stop": Row(_stop),
    "set_temps": Row(_temps),
    "set_preconditioning_max": Row(_preconditioning_max),
    "set_bioweapon_mode": Row(_bioweapon),
    "set_climate_keeper_mode": Row(_keeper),
    "set_cabin_overheat_protection": Row(_overheat),
    "set_cop_temp": Row(_overheat_level),
    "remote_seat_heater_request": Row(_seat_heater),
    "seat_heater": Row(_seat_heaters, custom=True),
    "remote_seat_cooler_request": Row(_seat_cooler),
    "remote_auto_seat_climate_request": Row(_auto_seat),
    "remote_steering_wheel_heater_request": Row(_wheel),
    "remote_steering_wheel_heat_level_request": Row(_wheel_level),
    "remote_auto_steering_wheel_heat_climate_request": Row(_auto_wheel),
    "hvac_recirculation": Row(_recirculation, custom=True),
}
