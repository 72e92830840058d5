"""List the commands on locks, trunks, windows, driving and being seen."""

from fleet.endpoints.commands.make import infotainment, security
from fleet.endpoints.params import (
    LATITUDE,
    LONGITUDE,
    PIN,
    flag,
    number,
    text,
    whole,
)

ENDPOINTS = (
    security("door_lock"),
    security("door_unlock"),
    security("remote_start_drive"),
    security("actuate_trunk", text("which_trunk", "front", "rear")),
    security("open_tonneau"),
    security("close_tonneau"),
    security("stop_tonneau"),
    infotainment(
        "window_control", text("command", "vent", "close"), LATITUDE, LONGITUDE
    ),
    infotainment("sun_roof_control", text("state", "stop", "close", "vent")),
    infotainment("flash_lights", note="in park only"),
    infotainment("honk_horn", note="in park only"),
    infotainment("remote_boombox", whole("sound", 0, 2000, required=False)),
    infotainment(
        "trigger_homelink", LATITUDE, LONGITUDE, text("token", required=False)
    ),
    infotainment("set_sentry_mode", flag("on")),
    infotainment(
        "set_valet_mode",
        flag("on"),
        text("password", required=False, note="four digits"),
    ),
    infotainment("reset_valet_pin"),
    infotainment("set_pin_to_drive", flag("on"), text("password", note="four digits")),
    infotainment("reset_pin_to_drive_pin"),
    infotainment(
        "clear_pin_to_drive_admin", text("pin", required=False, note="four digits")
    ),
    infotainment("speed_limit_activate", PIN),
    infotainment("speed_limit_deactivate", PIN),
    infotainment("speed_limit_clear_pin", PIN),
    infotainment(
        "speed_limit_clear_pin_admin", text("pin", required=False, note="four digits")
    ),
    infotainment("speed_limit_set_limit", number("limit_mph")),
    infotainment("parental_controls_activate", PIN),
    infotainment("parental_controls_deactivate", PIN),
    infotainment("parental_controls_enable_setting", whole("setting"), flag("enable")),
    infotainment("parental_controls_set_speed_limit", number("limit_mph")),
    infotainment("parental_controls_clear_pin_admin"),
    infotainment("guest_mode", flag("enable")),
    infotainment("erase_user_data"),
)
