"""Put what a car streams over its last reading, newest first, value by value.

A reading is a document of Tesla's with groups; a stream tells signals one by one, by
other names and in part by other words. Here is which is which. Units are the same:
miles, mph, degrees Celsius, bar.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from accounts.models import Units
from events.latest import Latest
from fleet.streamed import LOCATION_SIGNALS
from tokens.readings import Group, Live, Value
from vehicles import units as show
from vehicles.groups import power, road

_Convert = Callable[[Any], Any]
_WINDOWS = {"Closed": 0, "PartiallyOpen": 1, "Opened": 2}
_DOORS = {
    "DriverFront": "df",
    "PassengerFront": "pf",
    "DriverRear": "dr",
    "PassengerRear": "pr",
    "TrunkFront": "ft",
    "TrunkRear": "rt",
}
_TIRES = {"Fl": "Front left", "Fr": "Front right", "Rl": "Rear left", "Rr": "Rear right"}


def _as_is(value: Any) -> Any:
    return value


def _without(prefix: str) -> _Convert:
    """Return what cuts the beginning that all words of one kind share."""
    return lambda value: str(value).removeprefix(prefix)


def _is_on(prefix: str, off: str = "Off") -> _Convert:
    return lambda value: str(value).removeprefix(prefix) != off


def _lower(prefix: str) -> _Convert:
    return lambda value: str(value).removeprefix(prefix).lower()


_PLACES: Mapping[str, tuple[str, str, _Convert]] = {
    "BatteryLevel": ("charge_state", "battery_level", _as_is),
    "Soc": ("charge_state", "usable_battery_level", _as_is),
    "RatedRange": ("charge_state", "battery_range", _as_is),
    "EstBatteryRange": ("charge_state", "est_battery_range", _as_is),
    "ChargeLimitSoc": ("charge_state", "charge_limit_soc", _as_is),
    "DetailedChargeState": (
        "charge_state",
        "charging_state",
        _without("DetailedChargeState"),
    ),
    "ACChargingPower": ("charge_state", "charger_power", _as_is),
    "DCChargingPower": ("charge_state", "charger_power", _as_is),
    "ChargerVoltage": ("charge_state", "charger_voltage", _as_is),
    "ChargeAmps": ("charge_state", "charger_actual_current", _as_is),
    "ChargeRateMilePerHour": ("charge_state", "charge_rate", _as_is),
    "TimeToFullCharge": (
        "charge_state",
        "minutes_to_full_charge",
        lambda hours: round(float(hours) * 60),
    ),
    "ChargePortDoorOpen": ("charge_state", "charge_port_door_open", _as_is),
    "Locked": ("vehicle_state", "locked", _as_is),
    "SentryMode": ("vehicle_state", "sentry_mode", _is_on("SentryModeState")),
    "FdWindow": ("vehicle_state", "fd_window", _WINDOWS.get),
    "FpWindow": ("vehicle_state", "fp_window", _WINDOWS.get),
    "RdWindow": ("vehicle_state", "rd_window", _WINDOWS.get),
    "RpWindow": ("vehicle_state", "rp_window", _WINDOWS.get),
    "Odometer": ("vehicle_state", "odometer", _as_is),
    "TpmsPressureFl": ("vehicle_state", "tpms_pressure_fl", _as_is),
    "TpmsPressureFr": ("vehicle_state", "tpms_pressure_fr", _as_is),
    "TpmsPressureRl": ("vehicle_state", "tpms_pressure_rl", _as_is),
    "TpmsPressureRr": ("vehicle_state", "tpms_pressure_rr", _as_is),
    "Version": ("vehicle_state", "car_version", _as_is),
    "InsideTemp": ("climate_state", "inside_temp", _as_is),
    "OutsideTemp": ("climate_state", "outside_temp", _as_is),
    "HvacPower": ("climate_state", "is_climate_on", _is_on("HvacPowerState")),
    "HvacLeftTemperatureRequest": ("climate_state", "driver_temp_setting", _as_is),
    "HvacRightTemperatureRequest": ("climate_state", "passenger_temp_setting", _as_is),
    "ClimateKeeperMode": (
        "climate_state",
        "climate_keeper_mode",
        _lower("ClimateKeeperModeState"),
    ),
    "CabinOverheatProtectionMode": (
        "climate_state",
        "cabin_overheat_protection",
        _without("CabinOverheatProtectionModeState"),
    ),
    "VehicleSpeed": ("drive_state", "speed", _as_is),
    "Gear": ("drive_state", "shift_state", _without("ShiftState")),
    "GpsHeading": ("drive_state", "heading", _as_is),
}
