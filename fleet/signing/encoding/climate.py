"""Make the commands on climate, seats and the steering wheel."""

from typing import Any

from fleet.signing.encoding.fields import Body, invalid

_LEVELS = ("OFF", "LOW", "MED", "HIGH")
_HEATER_WORDS = {
    "off": "OFF",
    "low": "LOW",
    "med": "MED",
    "medium": "MED",
    "high": "HIGH",
} | {str(number): level for number, level in enumerate(_LEVELS)}
_COOLER_LEVELS = {
    str(number): f"HvacSeatCoolerLevel_{level.capitalize()}"
    for number, level in enumerate(_LEVELS)
}
_COOLED = {
    "1": "HvacSeatCoolerPosition_FrontLeft",
    "2": "HvacSeatCoolerPosition_FrontRight",
}
_AUTOMATIC = {
    "1": "AutoSeatPosition_FrontLeft",
    "2": "AutoSeatPosition_FrontRight",
}
_SEATS = {
    "frontLeft": "FRONT_LEFT",
    "frontRight": "FRONT_RIGHT",
    "rearLeft": "REAR_LEFT",
    "rearLeftBack": "REAR_LEFT_BACK",
    "rearCenter": "REAR_CENTER",
    "rearRight": "REAR_RIGHT",
    "rearRightBack": "REAR_RIGHT_BACK",
    "thirdRowLeft": "THIRD_ROW_LEFT",
    "thirdRowRight": "THIRD_ROW_RIGHT",
}
# The order of the seats is that of their numbers in the REST command.
_SEAT_NUMBERS = {str(number): seat for number, seat in enumerate(_SEATS.values())}
_KEEPER_MODES = {
    "0": "ClimateKeeperAction_Off",
    "1": "ClimateKeeperAction_On",
    "2": "ClimateKeeperAction_Dog",
    "3": "ClimateKeeperAction_Camp",
}
_PROTECTION_TEMPERATURES = {
    "0": "CopActivationTempLow",
    "1": "CopActivationTempMedium",
    "2": "CopActivationTempHigh",
}
_WHEEL_LEVELS = {
    "0": "StwHeatLevel_Off",
    "1": "StwHeatLevel_Low",
    "3": "StwHeatLevel_High",
}
_COLDEST_C, _HOTTEST_C = -50, 100


def _heated(seat: str, level: str) -> dict[str, Any]:
    return {f"SEAT_HEATER_{level}": {}, f"CAR_SEAT_{seat}": {}}


def _seat_heater(body: Body) -> dict[str, Any]:
    name = "seat_position" if body.has("seat_position") else "heater"
    seat = body.choice(name, _SEAT_NUMBERS)
    heated = _heated(seat, body.choice("level", _HEATER_WORDS))
    return {"hvacSeatHeaterActions": {"hvacSeatHeaterAction": [heated]}}


def _seat_heaters(body: Body) -> dict[str, Any]:
    heated = [
        _heated(seat, body.choice(name, _HEATER_WORDS))
        for name, seat in _SEATS.items()
        if body.has(name)
    ]
    if not heated:
        raise invalid("seat_heater", "must name a seat")
    return {"hvacSeatHeaterActions": {"hvacSeatHeaterAction": heated}}


def _seat_cooler(body: Body) -> dict[str, Any]:
    cooled = {
        "seat_cooler_level": body.choice("seat_cooler_level", _COOLER_LEVELS),
        "seat_position": body.choice("seat_position", _COOLED),
    }
    return {"hvacSeatCoolerActions": {"hvacSeatCoolerAction": [cooled]}}


def _automatic_seat(body: Body) -> dict[str, Any]:
    seat = {
        "on": body.flag("auto_climate_on"),
        "seat_position": body.choice("auto_seat_position", _AUTOMATIC),
    }
    return {"autoSeatClimateAction": {"carseat": [seat]}}


def _temperatures(body: Body) -> dict[str, Any]:
    return {
        "hvacTemperatureAdjustmentAction": {
            "driver_temp_celsius": body.number("driver_temp", _COLDEST_C, _HOTTEST_C),
            "passenger_temp_celsius": body.number(
                "passenger_temp", _COLDEST_C, _HOTTEST_C
            ),
        }
    }


def _keeper(body: Body) -> dict[str, Any]:
    return {
        "hvacClimateKeeperAction": {
            "ClimateKeeperAction": body.choice("climate_keeper_mode", _KEEPER_MODES),
            "manual_override": body.flag("manual_override", default=False),
        }
    }


def _overridable(action: str) -> Any:
    return lambda body: {
        action: {
            "on": body.flag("on"),
            "manual_override": body.flag("manual_override", default=False),
        }
    }


FIXED: dict[str, dict[str, Any]] = {
    "auto_conditioning_start": {"hvacAutoAction": {"power_on": True}},
    "auto_conditioning_stop": {"hvacAutoAction": {"power_on": False}},
}
BUILDERS = {
    "set_temps": _temperatures,
    "set_preconditioning_max": _overridable("hvacSetPreconditioningMaxAction"),
    "set_bioweapon_mode": _overridable("hvacBioweaponModeAction"),
    "set_climate_keeper_mode": _keeper,
    "set_cabin_overheat_protection": lambda body: {
        "setCabinOverheatProtectionAction": {
            "on": body.flag("on"),
            "fan_only": body.flag("fan_only", default=False),
        }
    },
    "set_cop_temp": lambda body: {
        "setCopTempAction": {
            "copActivationTemp": body.choice("cop_temp", _PROTECTION_TEMPERATURES)
        }
    },
    "remote_seat_heater_request": _seat_heater,
    "seat_heater": _seat_heaters,
    "remote_seat_cooler_request": _seat_cooler,
    "remote_auto_seat_climate_request": _automatic_seat,
    "remote_steering_wheel_heater_request": lambda body: {
        "hvacSteeringWheelHeaterAction": {"power_on": body.flag("on")}
    },
    "remote_steering_wheel_heat_level_request": lambda body: {
        "stwHeatLevelAction": {"stw_heat_level": body.choice("level", _WHEEL_LEVELS)}
    },
    "remote_auto_steering_wheel_heat_climate_request": lambda body: {
        "autoStwHeatAction": {"on": body.flag("on")}
    },
    "hvac_recirculation": lambda body: {
        "hvacRecirculationAction": {"on": body.flag("on")}
    },
}
