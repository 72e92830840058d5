"""List the commands on charging, and on schedules of charging and warming up."""

from fleet.endpoints.commands.make import charging, infotainment, once, unsigned
from fleet.endpoints.model import Kind
from fleet.endpoints.params import (
    LATITUDE,
    LONGITUDE,
    body,
    flag,
    minute,
    number,
    percent,
    text,
    whole,
)

_DAYS = body(
    "days_of_week",
    Kind.STRING,
    Kind.INTEGER,
    note='"Monday,Friday", "All", "Weekdays", or a bit mask',
)
_PLACES = (flag("home"), flag("work"), flag("other"))
_ID = whole(
    "id", minimum=0, required=False, note="absent: a new one, named by the present time"
)
_NAME = text("name", required=False, longest=200)
_KNOWN_ID = whole("id", minimum=0, note="of the schedule")

_CHARGING = (
    charging("charge_port_door_open", "Open the charge port, or unlock its cable."),
    charging("charge_port_door_close", "Close the charge port."),
    charging("charge_start", "Start charging."),
    charging("charge_stop", "Stop charging."),
    charging("charge_standard", "Set the charge limit to the daily standard."),
    charging("charge_max_range", "Set the charge limit to the maximum."),
    charging(
        "set_charge_limit",
        "Set the charge limit.",
        percent("percent", 50),
        note="the car ignores a limit that it does not take, and still says yes",
    ),
    charging(
        "set_charging_amps",
        "Set the charging current.",
        whole("charging_amps", minimum=0, maximum=100, note="amperes"),
    ),
)

_SCHEDULES = (
    once(
        charging(
            "add_charge_schedule",
            "Add a charging schedule for a place, or change one.",
            _DAYS,
            flag("enabled"),
            LATITUDE,
            LONGITUDE,
            flag("start_enabled"),
            minute("start_time", required=False),
            flag("end_enabled"),
            minute("end_time", required=False),
            flag("one_time", required=False),
            _ID,
            _NAME,
        )
    ),
    charging("remove_charge_schedule", "Remove a charging schedule.", _KNOWN_ID),
    infotainment(
        "batch_remove_charge_schedules",
        "Remove the charging schedules of whole kinds of places.",
        *_PLACES,
    ),
    once(
        charging(
            "add_precondition_schedule",
            "Add a schedule for warming up at a place, or change one.",
            _DAYS,
            flag("enabled"),
            LATITUDE,
            LONGITUDE,
            minute("precondition_time"),
            flag("one_time", required=False),
            _ID,
            _NAME,
        )
    ),
    charging(
        "remove_precondition_schedule", "Remove a schedule for warming up.", _KNOWN_ID
    ),
    infotainment(
        "batch_remove_precondition_schedules",
        "Remove the schedules for warming up of whole kinds of places.",
        *_PLACES,
    ),
    charging(
        "set_scheduled_charging",
        "Start charging at a time of the day.",
        flag("enable"),
        minute("time"),
        note="for firmware before 2024.26",
    ),
    charging(
        "set_scheduled_departure",
        "Be charged and warm at a time of the day.",
        flag("enable"),
        minute("departure_time"),
        flag("preconditioning_enabled", required=False),
        flag("preconditioning_weekdays_only", required=False),
        flag("off_peak_charging_enabled", required=False),
        flag("off_peak_charging_weekdays_only", required=False),
        minute("end_off_peak_time", required=False),
        note="for firmware before 2024.26",
    ),
)

_MANAGED = (
    unsigned(
        "set_managed_charge_current_request",
        "Set the current of a fleet's managed charging.",
        number("charging_amps", 0, required=False, note="amperes"),
        note="for fleets with managed charging",
    ),
    unsigned(
        "set_managed_charger_location",
        "Tell where a fleet's charger is.",
        body("location", Kind.ANY, required=False),
        note="for fleets with managed charging",
    ),
    unsigned(
        "set_managed_scheduled_charging_time",
        "Set the time of a fleet's managed charging.",
        body("time", Kind.ANY, required=False),
        note="for fleets with managed charging",
    ),
)

ENDPOINTS = (*_CHARGING, *_SCHEDULES, *_MANAGED)
