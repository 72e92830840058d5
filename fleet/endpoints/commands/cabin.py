"""List the commands on music, software, power, navigation and the calendar."""

from fleet.endpoints.commands.make import infotainment, unsigned
from fleet.endpoints.model import Domain, Kind
from fleet.endpoints.params import (
    LATITUDE,
    LONGITUDE,
    body,
    flag,
    number,
    text,
    whole,
)

_ORDER = whole("order", required=False)

ENDPOINTS = (
    infotainment("media_next_track"),
    infotainment("media_prev_track"),
    infotainment("media_next_fav"),
    infotainment("media_prev_fav"),
    infotainment("media_toggle_playback"),
    infotainment("media_volume_down"),
    infotainment("media_volume_up"),
    infotainment("adjust_volume", number("volume", 0, 11)),
    infotainment("set_vehicle_name", text("vehicle_name")),
    infotainment("schedule_software_update", whole("offset_sec", note="seconds")),
    infotainment("cancel_software_update"),
    infotainment("set_low_power_mode", flag("enable")),
    infotainment("keep_accessory_power_mode", flag("enable")),
    unsigned(
        "navigation_request",
        body("value", Kind.ANY, note="a text, or an Android intent"),
        text("type", required=False),
        text("locale", required=False),
        body("timestamp_ms", Kind.ANY, required=False),
    ),
    unsigned(
        "navigation_gps_request",
        LATITUDE,
        LONGITUDE,
        _ORDER,
        domain=Domain.INFOTAINMENT,
    ),
    unsigned(
        "navigation_sc_request",
        body("id", Kind.ANY, note="of a Supercharger"),
        _ORDER,
        domain=Domain.INFOTAINMENT,
    ),
    unsigned(
        "navigation_waypoints_request",
        text("waypoints", note="refId:…,refId:…"),
        domain=Domain.INFOTAINMENT,
    ),
    unsigned("upcoming_calendar_entries", body("calendar_data", Kind.ANY)),
    unsigned(
        "take_drivenote",
        text("note", note="at most 80 characters"),
        domain=Domain.INFOTAINMENT,
    ),
)
