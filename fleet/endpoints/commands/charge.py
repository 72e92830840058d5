"""List the commands on charging, and on schedules of charging and warming up."""

from fleet.endpoints.commands.make import charging, infotainment, unsigned
from fleet.endpoints.model import Kind
from fleet.endpoints.params import (
    LATITUDE,
    LONGITUDE,
    body,
    flag,
    number,
    text,
    whole,
)

_DAYS = body(
    "days_of_week", Kind.ANY, note='"Monday,Friday", "All", "Weekdays", or a bit mask'
)
_PLACES = (flag("home"), flag("work"), flag("other"))
_MINUTE = "minutes after midnight"

ENDPOINTS = (
    charging("charge_port_door_open"),
    charging("charge_port_door_close"),
    charging("charge_start"),
    charging("charge_stop"),
    charging("charge_standard"),
    charging("charge_max_range"),
    charging(
        "set_charge_limit",
        whole("percent", note="50 to 100; other values succeed and are ignored"),
    ),
    charging("set_charging_amps", whole("charging_amps")),
    charging(
        "add_charge_schedule",
        _DAYS,
        flag("enabled"),
        LATITUDE,
        LONGITUDE,
        flag("start_enabled"),
        whole("start_time", required=False, note=_MINUTE),
        flag("end_enabled"),
        whole("end_time", required=False, note=_MINUTE),
        flag("one_time", required=False),
        whole("id", required=False, note="absent: the present time as an epoch"),
        text("name", required=False),
    ),
    charging("remove_charge_schedule", whole("id")),
    infotainment("batch_remove_charge_schedules", *_PLACES),
    charging(
        "add_precondition_schedule",
        _DAYS,
        flag("enabled"),
        LATITUDE,
        LONGITUDE,
        whole("precondition_time", note=_MINUTE),
        flag("one_time", required=False),
        whole("id", required=False, note="absent: the present time as an epoch"),
        text("name", required=False),
    ),
    charging("remove_precondition_schedule", whole("id")),
    infotainment("batch_remove_precondition_schedules", *_PLACES),
    charging(
        "set_scheduled_charging",
        flag("enable"),
        whole("time", note=_MINUTE),
        note="for firmware before 2024.26",
    ),
    charging(
        "set_scheduled_departure",
        flag("enable"),
        whole("departure_time", note=_MINUTE),
        flag("preconditioning_enabled", required=False),
        flag("preconditioning_weekdays_only", required=False),
        flag("off_peak_charging_enabled", required=False),
        flag("off_peak_charging_weekdays_only", required=False),
        whole("end_off_peak_time", required=False, note=_MINUTE),
    ),
    unsigned(
        "set_managed_charge_current_request", number("charging_amps", required=False)
    ),
    unsigned(
        "set_managed_charger_location", body("location", Kind.ANY, required=False)
    ),
    unsigned(
        "set_managed_scheduled_charging_time", body("time", Kind.ANY, required=False)
    ),
)
