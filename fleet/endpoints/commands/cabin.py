"""List the commands on music, software, power, navigation and the calendar."""

from fleet.endpoints.commands.make import infotainment, once, unsigned
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

_ORDER = whole("order", minimum=0, required=False, note="its place among the waypoints")

_MEDIA = (
    once(infotainment("media_next_track", "Skip to the next track.")),
    once(infotainment("media_prev_track", "Go back to the track before.")),
    once(infotainment("media_next_fav", "Skip to the next favorite.")),
    once(infotainment("media_prev_fav", "Go back to the favorite before.")),
    once(infotainment("media_toggle_playback", "Play, or pause what plays.")),
    once(infotainment("media_volume_down", "Turn the volume down by one step.")),
    once(infotainment("media_volume_up", "Turn the volume up by one step.")),
    infotainment("adjust_volume", "Set the volume.", number("volume", 0, 11)),
)

_COMPUTER = (
    infotainment(
        "set_vehicle_name", "Name the car.", text("vehicle_name", longest=200)
    ),
    infotainment(
        "schedule_software_update",
        "Install a waiting software update later, or now.",
        whole("offset_sec", minimum=0, note="seconds from now"),
    ),
    infotainment(
        "cancel_software_update", "Take back an update before it is installed."
    ),
    infotainment(
        "set_low_power_mode", "Have the parked car use less power.", flag("enable")
    ),
    infotainment(
        "keep_accessory_power_mode",
        "Keep the sockets powered after leaving.",
        flag("enable"),
    ),
)

_WAYS = (
    once(
        unsigned(
            "navigation_request",
            "Send a place to the navigation, as phones share it.",
            body(
                "value",
                Kind.STRING,
                Kind.OBJECT,
                note="a text, or an Android intent that holds one",
            ),
            text("type", required=False, note="share_ext_content_raw"),
            text("locale", required=False, note="such as en-US"),
            body(
                "timestamp_ms",
                Kind.INTEGER,
                Kind.STRING,
                required=False,
                note="milliseconds since 1970",
            ),
        )
    ),
    once(
        unsigned(
            "navigation_gps_request",
            "Navigate to a point.",
            LATITUDE,
            LONGITUDE,
            _ORDER,
            domain=Domain.INFOTAINMENT,
        )
    ),
    once(
        unsigned(
            "navigation_sc_request",
            "Navigate to a Supercharger.",
            body("id", Kind.INTEGER, Kind.STRING, note="of the Supercharger"),
            _ORDER,
            domain=Domain.INFOTAINMENT,
        )
    ),
    once(
        unsigned(
            "navigation_waypoints_request",
            "Navigate along several places.",
            text("waypoints", note="refId:…,refId:…"),
            domain=Domain.INFOTAINMENT,
        )
    ),
    unsigned(
        "upcoming_calendar_entries",
        "Show the calendar's next entries in the car.",
        body("calendar_data", Kind.OBJECT, Kind.STRING),
    ),
    once(
        unsigned(
            "take_drivenote",
            "Write a note on how the car drives.",
            text("note", longest=80, note="at most 80 characters"),
            domain=Domain.INFOTAINMENT,
        )
    ),
)

ENDPOINTS = (*_MEDIA, *_COMPUTER, *_WAYS)
