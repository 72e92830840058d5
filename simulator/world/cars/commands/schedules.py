"""Plan charging and preconditioning."""

from typing import Any

from simulator.world.cars.commands.order import (
    INVALID_VALUE,
    BadField,
    CannotDo,
    Row,
    Work,
)

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_EVERY_DAY = 127
_WEEKDAYS = 62
_LAST_MINUTE = 1439
_MOST_ID = 2**63
_NEAR_DEGREES = 0.01


def _days(work: Work) -> int:
    """Return the days as bits, Sunday the lowest; from words or the bits."""
    value = work.fields.get("days_of_week")
    if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
        return work.whole("days_of_week", 0, _EVERY_DAY)
    bits = 0
    for word in work.text("days_of_week").lower().split(","):
        name = word.strip()
        found = [day for day in _DAYS if len(name) > 1 and day.startswith(name)]
        if name == "all":
            bits |= _EVERY_DAY
        elif name == "weekdays":
            bits |= _WEEKDAYS
        elif found:
            bits |= 1 << _DAYS.index(found[0])
        else:
            raise BadField("days_of_week")
    return bits


def _place(work: Work) -> dict[str, float]:
    return {
        "latitude": work.number("lat", -90, 90),
        "longitude": work.number("lon", -180, 180),
    }


def _common(work: Work) -> dict[str, Any]:
    return {
        "id": work.whole("id", 0, _MOST_ID, default=0) or int(work.moment.at_s),
        "name": work.text("name") if work.fields.get("name") else "",
        "days_of_week": _days(work),
        "one_time": work.flag("one_time", default=False),
        "enabled": work.flag("enabled"),
        **_place(work),
    }


def _minutes(work: Work, name: str, *, needed: bool) -> int:
    if not needed and not work.has(name):
        return 0
    return work.whole(name, 0, _LAST_MINUTE)


def _put(schedules: list[dict[str, Any]], made: dict[str, Any]) -> None:
    schedules[:] = [one for one in schedules if one["id"] != made["id"]]
    schedules.append(made)


def _drop(schedules: list[dict[str, Any]], number: int) -> None:
    left = [one for one in schedules if one["id"] != number]
    if len(left) == len(schedules):
        raise CannotDo(INVALID_VALUE)
    schedules[:] = left


def _add_charge(work: Work) -> None:
    starts, ends = work.flag("start_enabled"), work.flag("end_enabled")
    made = _common(work) | {
        "start_enabled": starts,
        "start_time": _minutes(work, "start_time", needed=starts),
        "end_enabled": ends,
        "end_time": _minutes(work, "end_time", needed=ends),
    }
    _put(work.state.charging.charge_schedules, made)


def _add_precondition(work: Work) -> None:
    minutes = {"precondition_time": work.whole("precondition_time", 0, _LAST_MINUTE)}
    _put(work.state.charging.precondition_schedules, _common(work) | minutes)


def _remove_charge(work: Work) -> None:
    _drop(work.state.charging.charge_schedules, work.whole("id", 0, _MOST_ID))


def _remove_precondition(work: Work) -> None:
    _drop(work.state.charging.precondition_schedules, work.whole("id", 0, _MOST_ID))


def _batch_charge(work: Work) -> None:
    _batch(work, work.state.charging.charge_schedules)


def _batch_precondition(work: Work) -> None:
    _batch(work, work.state.charging.precondition_schedules)


def _batch(work: Work, schedules: list[dict[str, Any]]) -> None:
    """Remove those at home or elsewhere; no car of the cast knows a place of work."""
    at_home, elsewhere = work.flag("home"), work.flag("other")
    work.flag("work")
    home = work.moment.spec.home

    def stays(one: dict[str, Any]) -> bool:
        north = abs(one["latitude"] - home.latitude)
        east = abs(one["longitude"] - home.longitude)
        is_home = max(north, east) < _NEAR_DEGREES
        return not (at_home if is_home else elsewhere)

    schedules[:] = [one for one in schedules if stays(one)]


def _scheduled_charging(work: Work) -> None:
    charging, enable = work.state.charging, work.flag("enable")
    minutes = _minutes(work, "time", needed=enable)
    charging.scheduled_mode = "StartAt" if enable else "Off"
    if enable:
        charging.scheduled_start_minutes = minutes


def _departure(work: Work) -> None:
    charging, enable = work.state.charging, work.flag("enable")
    minutes = _minutes(work, "departure_time", needed=enable)
    preconditioning = work.flag("preconditioning_enabled", default=False)
    off_peak = work.flag("off_peak_charging_enabled", default=False)
    ends = _minutes(work, "end_off_peak_time", needed=False)
    pre_weekdays = work.flag("preconditioning_weekdays_only", default=False)
    off_weekdays = work.flag("off_peak_charging_weekdays_only", default=False)
    charging.scheduled_mode = "DepartBy" if enable else "Off"
    charging.preconditioning = enable and preconditioning
    charging.off_peak = enable and off_peak
    if enable:
        charging.departure_minutes = minutes
        charging.preconditioning_times = "weekdays" if pre_weekdays else "all_week"
        charging.off_peak_times = "weekdays" if off_weekdays else "all_week"
        charging.off_peak_end_minutes = ends or charging.off_peak_end_minutes


SCHEDULES = {
    "add_charge_schedule": Row(_add_charge, charging=True),
    "remove_charge_schedule": Row(_remove_charge, charging=True),
    "batch_remove_charge_schedules": Row(_batch_charge, charging=True),
    "add_precondition_schedule": Row(_add_precondition, charging=True),
    "remove_precondition_schedule": Row(_remove_precondition, charging=True),
    "batch_remove_precondition_schedules": Row(_batch_precondition, charging=True),
    "set_scheduled_charging": Row(_scheduled_charging, charging=True),
    "set_scheduled_departure": Row(_departure, charging=True),
}
