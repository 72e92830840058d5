"""Make the commands on windows, PINs, limits, and being seen and heard."""

from typing import Any

from fleet.errors import NotSignable
from fleet.signing.encoding.charge import place
from fleet.signing.encoding.fields import HIGHEST_UINT32, Body

_FASTEST_MPH = 300
_WINDOWS = ("vent", "close")
_ROOFS = ("vent", "close", "open", "stop")
_SETTINGS = (
    "SpeedLimit",
    "Acceleration",
    "SafetyFeatures",
    "Curfew",
    "BrowserBlocked",
    "TheaterBlocked",
    "ArcadeBlocked",
)
# Programs count the settings from 1, the protocol from 0; both know the words.
_SETTING_WORDS = {str(number): name for number, name in enumerate(_SETTINGS, 1)} | {
    name.lower(): name for name in _SETTINGS
}


def _window(body: Body) -> dict[str, Any]:
    # Where the person is matters to cars without the protocol only.
    move = body.choice("command", {word: word for word in _WINDOWS})
    return {"vehicleControlWindowAction": {move: {}}}


def _sunroof(body: Body) -> dict[str, Any]:
    move = body.choice("state", {word: word for word in _ROOFS})
    if move == "stop":
        raise NotSignable("The protocol cannot stop a sunroof")
    return {"vehicleControlSunroofOpenCloseAction": {move: {}}}


def _homelink(body: Body) -> dict[str, Any]:
    homelink: dict[str, Any] = {"location": place(body)}
    if body.has("token"):
        homelink["token"] = body.text("token")
    return {"vehicleControlTriggerHomelinkAction": homelink}


def _valet(body: Body) -> dict[str, Any]:
    valet = {"on": body.flag("on"), "password": body.pin("password", "")}
    return {"vehicleControlSetValetModeAction": valet}


def _pin_to_drive(body: Body) -> dict[str, Any]:
    on = body.flag("on")
    # A PIN is needed to ask for one from now on, and not to stop asking.
    password = body.pin("password", None if on else "")
    return {"vehicleControlSetPinToDriveAction": {"on": on, "password": password}}


def _no_pin_to_drive(body: Body) -> dict[str, Any]:
    settings = {"on": False, "password": body.pin("pin")}
    return {"vehicleControlSetPinToDriveAction": settings}


def _with_pin(action: str, **others: bool) -> Any:
    return lambda body: {action: {"pin": body.pin("pin"), **others}}


def _limit(action: str) -> Any:
    return lambda body: {
        action: {"limit_mph": body.number("limit_mph", 0, _FASTEST_MPH)}
    }


def _parental_setting(body: Body) -> dict[str, Any]:
    return {
        "parentalControlsEnableSettingsAction": {
            "setting": body.choice("setting", _SETTING_WORDS),
            "enable": body.flag("enable"),
        }
    }


def _parental_controls(body: Body) -> dict[str, Any]:
    settings = {"activate": body.flag("activate"), "pin": body.pin("pin")}
    return {"parentalControlsAction": settings}


FIXED: dict[str, dict[str, Any]] = {
    "flash_lights": {"vehicleControlFlashLightsAction": {}},
    "honk_horn": {"vehicleControlHonkHornAction": {}},
    "reset_valet_pin": {"vehicleControlResetValetPinAction": {}},
    "reset_pin_to_drive_pin": {"vehicleControlResetPinToDriveAction": {}},
    "clear_pin_to_drive_admin": {"vehicleControlResetPinToDriveAdminAction": {}},
    "speed_limit_clear_pin_admin": {"drivingClearSpeedLimitPinAdminAction": {}},
    "parental_controls_clear_pin_admin": {"parentalControlsClearPinAdminAction": {}},
    "erase_user_data": {"eraseUserDataAction": {}},
}
BUILDERS = {
    "window_control": _window,
    "sun_roof_control": _sunroof,
    "remote_boombox": lambda body: {
        "boomboxAction": {"sound": body.whole("sound", 0, HIGHEST_UINT32, 0)}
    },
    "trigger_homelink": _homelink,
    "set_sentry_mode": lambda body: {
        "vehicleControlSetSentryModeAction": {"on": body.flag("on")}
    },
    "set_valet_mode": _valet,
    "set_pin_to_drive": _pin_to_drive,
    "clear_pin_to_drive": _no_pin_to_drive,
    "speed_limit_activate": _with_pin("drivingSpeedLimitAction", activate=True),
    "speed_limit_deactivate": _with_pin("drivingSpeedLimitAction", activate=False),
    "speed_limit_clear_pin": _with_pin("drivingClearSpeedLimitPinAction"),
    "speed_limit_set_limit": _limit("drivingSetSpeedLimitAction"),
    "parental_controls": _parental_controls,
    "parental_controls_activate": _with_pin("parentalControlsAction", activate=True),
    "parental_controls_deactivate": _with_pin("parentalControlsAction", activate=False),
    "parental_controls_clear_pin": _with_pin("parentalControlsClearPinAction"),
    "parental_controls_enable_setting": _parental_setting,
    "parental_controls_set_speed_limit": _limit("parentalControlsSetSpeedLimitAction"),
    "guest_mode": lambda body: {
        "guestModeAction": {"GuestModeActive": body.flag("enable")}
    },
}
