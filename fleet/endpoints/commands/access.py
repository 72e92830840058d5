"""List the commands on locks, trunks, windows, driving and being seen."""

from dataclasses import replace

from fleet.endpoints.commands.make import infotainment, once, security
from fleet.endpoints.params import (
    LATITUDE,
    LONGITUDE,
    OPTIONAL_PASSWORD,
    OPTIONAL_PIN,
    PASSWORD,
    PIN,
    flag,
    number,
    optional,
    text,
    whole,
)

_LIMIT_MPH = number("limit_mph", 50, 120, note="miles per hour")

_DOORS = (
    security("door_lock", "Lock all doors."),
    security("door_unlock", "Unlock all doors."),
    security(
        "remote_start_drive",
        "Let somebody drive off without a key within two minutes.",
        note="keyless driving must be allowed in the car",
    ),
    once(
        security(
            "actuate_trunk",
            "Open the front trunk, or move the rear one.",
            text("which_trunk", "front", "rear"),
            note="a powered rear trunk closes when it is open",
        )
    ),
    security("open_tonneau", "Open the cover of a Cybertruck's bed."),
    security("close_tonneau", "Close the cover of a Cybertruck's bed."),
    security("stop_tonneau", "Stop the cover of a Cybertruck's bed where it is."),
    infotainment(
        "window_control",
        "Open all windows a little, or close them.",
        text("command", "vent", "close"),
        optional(LATITUDE),
        optional(LONGITUDE),
        note="some cars close their windows only for somebody who is near",
    ),
    infotainment(
        "sun_roof_control",
        "Open, close or stop the sunroof.",
        text("state", "stop", "close", "vent"),
    ),
)

_SEEN = (
    once(infotainment("flash_lights", "Flash the headlights.", note="in park only")),
    once(infotainment("honk_horn", "Sound the horn.", note="in park only")),
    once(
        infotainment(
            "remote_boombox",
            "Play a sound to the street.",
            whole("sound", 0, 2000, required=False, note="0 random, 2000 locate ping"),
        )
    ),
    once(
        infotainment(
            "trigger_homelink",
            "Move the garage door that belongs to a place.",
            LATITUDE,
            LONGITUDE,
            text("token", required=False),
        )
    ),
    infotainment("set_sentry_mode", "Turn Sentry Mode on or off.", flag("on")),
)

_DRIVING = (
    infotainment(
        "set_valet_mode",
        "Turn Valet Mode on or off.",
        flag("on"),
        OPTIONAL_PASSWORD,
    ),
    infotainment("reset_valet_pin", "Forget the PIN of Valet Mode."),
    infotainment(
        "set_pin_to_drive", "Ask for a PIN before driving.", flag("on"), PASSWORD
    ),
    infotainment("reset_pin_to_drive_pin", "Forget the PIN to Drive."),
    infotainment(
        "clear_pin_to_drive_admin",
        "Turn PIN to Drive off as the owner, without its PIN.",
        OPTIONAL_PIN,
    ),
    infotainment("speed_limit_activate", "Turn the speed limit on.", PIN),
    infotainment("speed_limit_deactivate", "Turn the speed limit off.", PIN),
    infotainment("speed_limit_clear_pin", "Forget the speed limit's PIN.", PIN),
    infotainment(
        "speed_limit_clear_pin_admin",
        "Turn the speed limit off as the owner, without its PIN.",
        OPTIONAL_PIN,
    ),
    infotainment("speed_limit_set_limit", "Set the speed limit.", _LIMIT_MPH),
    infotainment("parental_controls_activate", "Turn parental controls on.", PIN),
    infotainment("parental_controls_deactivate", "Turn parental controls off.", PIN),
    infotainment(
        "parental_controls_enable_setting",
        "Turn one of the parental controls on or off.",
        whole(
            "setting",
            1,
            2,
            3,
            4,
            note="1 speed limit, 2 acceleration, 3 safety features, 4 curfew",
        ),
        flag("enable"),
    ),
    infotainment(
        "parental_controls_set_speed_limit",
        "Set the speed limit of parental controls.",
        replace(_LIMIT_MPH, minimum=0),
    ),
    infotainment(
        "parental_controls_clear_pin_admin",
        "Turn parental controls off as the owner, without their PIN.",
    ),
    infotainment("guest_mode", "Turn Guest Mode on or off.", flag("enable")),
    infotainment(
        "erase_user_data",
        "Erase personal data from the car's computer.",
        note="in park and in Guest Mode only; nothing brings the data back",
    ),
)

ENDPOINTS = (*_DOORS, *_SEEN, *_DRIVING)
