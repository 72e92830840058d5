"""Make the commands on music, software, power, the screen and navigation."""

from collections.abc import Mapping
from typing import Any

from fleet.signing.encoding.charge import place
from fleet.signing.encoding.fields import Body, invalid

_LOUDEST = 11
_LONGEST_NOTE = 80
_ORDERS = {
    "1": "REMOTE_NAV_TRIP_ORDER_REPLACE",
    "2": "REMOTE_NAV_TRIP_ORDER_PREPEND",
    "3": "REMOTE_NAV_TRIP_ORDER_APPEND",
}
_REPLACE = _ORDERS["1"]
_UNITS = {
    "set_temperature_unit": ("setTemperatureUnitAction", ("FAHRENHEIT", "CELSIUS")),
    "set_distance_unit": ("setDistanceUnitAction", ("MILES", "KILOMETERS")),
    "set_tire_pressure_unit": ("setTirePressureUnitAction", ("PSI", "BAR")),
}
_FORMATS = {
    "set_time_display_format": ("setTimeDisplayFormatAction", ("12_HOUR", "24_HOUR")),
    "set_energy_display_format": (
        "setEnergyDisplayFormatAction",
        ("PERCENTAGE", "DISTANCE"),
    ),
}


def _order(body: Body) -> str:
    if not body.has("order"):
        return _REPLACE
    return body.choice("order", {"0": _REPLACE} | _ORDERS)


def _point(body: Body) -> dict[str, Any]:
    found = place(body)
    order = _order(body)
    return {"lat": found["latitude"], "lon": found["longitude"], "order": order}


def _destination(body: Body) -> dict[str, Any]:
    named = _point(body) | {"destination": body.text("destination")}
    return {"navigationGpsDestinationRequest": named}


def _supercharger(body: Body) -> dict[str, Any]:
    request = {"id": body.whole("id", 0, 2**63 - 1)}
    order = {"remote_nav_trip_order": _order(body)}
    return {"navigationSuperchargerRequest": request | order}


def _note(body: Body) -> dict[str, Any]:
    note = body.text("note")
    if len(note) > _LONGEST_NOTE:
        raise invalid("note", f"must be at most {_LONGEST_NOTE} characters")
    return {"takeDrivenoteAction": {"note": note}}


def _volume(body: Body) -> dict[str, Any]:
    volume = body.number("volume", 0, _LOUDEST)
    return {"mediaUpdateVolume": {"volume_absolute_float": volume}}


def _power(action: str, name: str) -> Any:
    """Return the maker for a field that is `enable` in one spelling, `on` in another."""

    def make(body: Body) -> dict[str, Any]:
        told = "on" if body.has("on") and not body.has("enable") else "enable"
        return {action: {name: body.flag(told)}}

    return make


def _shown(action: str, told: str, words: Mapping[str, str]) -> Any:
    return lambda body: {action: {told: body.choice(told, words)}}


def _video(body: Body) -> dict[str, Any]:
    url = body.text("url")
    if not url.lower().startswith(("http://", "https://")):
        raise invalid("url", "must be a web address")
    return {"videoRequestAction": {"url": url}}


def _ping(body: Body) -> dict[str, Any]:
    seconds = int(body.now)
    nanos = int((body.now - seconds) * 1e9)
    stamp = {"seconds": seconds, "nanos": nanos}
    return {"ping": {"ping_id": 1, "local_timestamp": stamp}}


def _chargers(body: Body) -> dict[str, Any]:
    request: dict[str, Any] = {"include_meta_data": body.flag("detail", default=True)}
    for name in ("radius", "count"):
        if body.has(name):
            request[name] = body.whole(name, 0)
    return {"getNearbyChargingSites": request}


FIXED: dict[str, dict[str, Any]] = {
    "media_next_track": {"mediaNextTrack": {}},
    "media_prev_track": {"mediaPreviousTrack": {}},
    "media_next_fav": {"mediaNextFavorite": {}},
    "media_prev_fav": {"mediaPreviousFavorite": {}},
    "media_toggle_playback": {"mediaPlayAction": {}},
    "media_volume_down": {"mediaUpdateVolume": {"volume_delta": -1}},
    "media_volume_up": {"mediaUpdateVolume": {"volume_delta": 1}},
    "cancel_software_update": {"vehicleControlCancelSoftwareUpdateAction": {}},
    "dashcam_save": {"dashcamSaveClipAction": {}},
}
BUILDERS = {
    "adjust_volume": _volume,
    "set_vehicle_name": lambda body: {
        "setVehicleNameAction": {"vehicleName": body.text("vehicle_name")}
    },
    "schedule_software_update": lambda body: {
        "vehicleControlScheduleSoftwareUpdateAction": {
            "offset_sec": body.whole("offset_sec", 0)
        }
    },
    "set_low_power_mode": _power("setLowPowerModeAction", "low_power_mode"),
    "keep_accessory_power_mode": _power(
        "setKeepAccessoryPowerModeAction", "keep_accessory_power_mode"
    ),
    "set_keep_accessory_power_mode": _power(
        "setKeepAccessoryPowerModeAction", "keep_accessory_power_mode"
    ),
    "navigation_gps_request": lambda body: {"navigationGpsRequest": _point(body)},
    "navigation_gps_destination": _destination,
    "navigation_sc_request": _supercharger,
    "navigation_waypoints_request": lambda body: {
        "navigationWaypointsRequest": {"waypoints": body.text("waypoints")}
    },
    "take_drivenote": _note,
    "play_video": _video,
    "ping": _ping,
    "get_nearby_charging_sites": _chargers,
    **{
        name: _shown(
            action,
            "unit",
            {str(number): f"UNIT_{word}" for number, word in enumerate(words)},
        )
        for name, (action, words) in _UNITS.items()
    },
    **{
        name: _shown(
            action,
            "format",
            {str(number): f"FORMAT_{word}" for number, word in enumerate(words)},
        )
        for name, (action, words) in _FORMATS.items()
    },
}
