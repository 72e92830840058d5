"""Make the commands on lights, light shows, the tent and the suspension."""

from typing import Any

from fleet.signing.encoding.fields import Body

_ZONES = {
    "0": "ZONE_LIGHT_REQUEST_OFF",
    "1": "ZONE_LIGHT_REQUEST_LOW",
    "2": "ZONE_LIGHT_REQUEST_MED",
    "3": "ZONE_LIGHT_REQUEST_HIGH",
}
_HEIGHTS = {
    "1": "SUSPENSION_LEVEL_ENTRY",
    "2": "SUSPENSION_LEVEL_LOW",
    "3": "SUSPENSION_LEVEL_MEDIUM",
    "4": "SUSPENSION_LEVEL_HIGH",
    "5": "SUSPENSION_LEVEL_VERY_HIGH",
    "6": "SUSPENSION_LEVEL_EXTRACT",
}
_LOUDEST = 11


def _switch(action: str, name: str) -> Any:
    return lambda body: {action: {name: body.flag("on")}}


def _zone(action: str) -> Any:
    return lambda body: {action: {"zone_light_request": body.choice("level", _ZONES)}}


def _brightness(action: str, name: str) -> Any:
    return lambda body: {action: {name: body.whole("brightness", 0, 100)}}


def _show(body: Body) -> dict[str, Any]:
    show: dict[str, Any] = {"show_index": body.whole("show_index", 0)}
    if body.has("start_time"):
        show["start_time"] = body.whole("start_time", 0, 2**63 - 1)
    if body.has("volume"):
        show["volume"] = body.number("volume", 0, _LOUDEST)
    show["dance_moves"] = body.flag("dance_moves", default=False)
    return {"startLightShowAction": show}


FIXED: dict[str, dict[str, Any]] = {"stop_light_show": {"stopLightShowAction": {}}}
BUILDERS = {
    "front_zone_light": _zone("setFrontZoneLightRequestAction"),
    "rear_zone_light": _zone("setRearZoneLightRequestAction"),
    "set_lightbar_brightness": _brightness(
        "setLightbarBrightnessAction", "brightness_request"
    ),
    "set_lightbar_middle": _switch("setLightbarMiddleAction", "middle_light_request"),
    "set_lightbar_ditch": _switch("setLightbarDitchAction", "ditch_lights_request"),
    "set_truck_bed_light_auto": _switch(
        "setTruckBedLightAutoStateAction", "power_state"
    ),
    "set_truck_bed_light_brightness": _brightness(
        "setTruckBedLightBrightnessAction", "brightness"
    ),
    "set_trailer_light_test": _switch(
        "setTrailerLightTestStartStopAction", "start_stop"
    ),
    "set_tent_mode": _switch("setTentModeRequestAction", "on"),
    "set_suspension_level": lambda body: {
        "setSuspensionLevelAction": {"suspension_level": body.choice("level", _HEIGHTS)}
    },
    "start_light_show": _show,
}
