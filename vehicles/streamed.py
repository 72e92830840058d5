"""Put what a car streams over its last reading, newest first, value by value.

A reading is a document of Tesla's with groups; a stream tells signals one by one, by
other names and in part by other words. Here is which is which. Units are the same:
miles, mph, degrees Celsius, bar.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from events.latest import Latest
from fleet.streamed import tells_place
from vehicles import places

NO_VALUE = "The car has no value for this now."
_Convert = Callable[[Any], Any]
# A reading has one figure for both; a car that charges by one streams 0 for the other.
_POWER = "charger_power"
_POWERS = ("ACChargingPower", "DCChargingPower")
_WINDOWS = {"Closed": 0, "PartiallyOpen": 1, "Opened": 2}
_DOORS = {
    "DriverFront": "df",
    "PassengerFront": "pf",
    "DriverRear": "dr",
    "PassengerRear": "pr",
    "TrunkFront": "ft",
    "TrunkRear": "rt",
}


def _as_is(value: Any) -> Any:
    return value


def _without(prefix: str) -> _Convert:
    """Return what cuts the beginning that all words of one kind share."""
    return lambda value: _word(value, prefix)


def _is_on(prefix: str) -> _Convert:
    """Return what tells whether a word is another one than "Off"."""

    def convert(value: Any) -> bool | None:
        word = _word(value, prefix)
        return None if word is None else word != "Off"

    return convert


def _window(value: Any) -> int | None:
    return _WINDOWS.get(str(value).removeprefix("WindowState"))


def _lower(prefix: str) -> _Convert:
    """Return what writes a word as a reading has it, in small letters."""

    def convert(value: Any) -> str | None:
        word = _word(value, prefix)
        return None if word is None else word.lower()

    return convert


def _word(value: Any, prefix: str) -> str | None:
    """Return a word without its beginning, None where the car does not know."""
    word = str(value).removeprefix(prefix)
    return None if word == "Unknown" else word


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
    "ACChargingPower": ("charge_state", _POWER, _as_is),
    "DCChargingPower": ("charge_state", _POWER, _as_is),
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
    "FdWindow": ("vehicle_state", "fd_window", _window),
    "FpWindow": ("vehicle_state", "fp_window", _window),
    "RdWindow": ("vehicle_state", "rd_window", _window),
    "RpWindow": ("vehicle_state", "rp_window", _window),
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


@dataclass(frozen=True, slots=True)
class Overlaid:
    """A reading with what was streamed since: `at` says when, by signal.

    `is_known`: whether there is anything, be it an empty reading. `is_read`: whether
    there is a reading.
    """

    document: dict[str, Any]
    is_known: bool = True
    at: Mapping[str, datetime] = field(default_factory=dict)
    is_read: bool = True

    @property
    def heard_at(self) -> datetime | None:
        """Return when the car streamed last, None when not since the reading."""
        return max(self.at.values(), default=None)


def overlaid(
    reading: Mapping[str, Any] | None,
    read_at: datetime | None,
    signals: Mapping[str, Latest],
    *,
    sees_location: bool,
) -> Overlaid:
    """Return a reading with the values that were streamed after it."""
    document = {
        name: dict(part) if isinstance(part, Mapping) else part
        for name, part in places.reading(
            reading or {}, sees_location=sees_location
        ).items()
    }
    found: dict[str, datetime] = {}
    for name, latest in sorted(signals.items(), key=lambda one: one[1].at_ms):
        at = datetime.fromtimestamp(latest.at_ms / 1000, UTC)
        is_newer = read_at is None or at > read_at
        value = json.loads(latest.value)
        may_see = sees_location or not tells_place(name, value)
        if is_newer and may_see and _put(document, name, value):
            found[name] = at
    powers = [json.loads(signals[name].value) for name in _POWERS if name in found]
    flowing = [power for power in powers if isinstance(power, (int, float))]
    if flowing:
        _part(document, "charge_state")[_POWER] = sum(flowing)
    is_read = reading is not None
    return Overlaid(document, is_read or bool(found), found, is_read)


def _put(document: dict[str, Any], name: str, value: Any) -> bool:
    """Put one signal where the reading has it; tell whether it belongs there.

    None, which a car sends for what it does not know now, takes a value away.
    """
    if name in _OBJECTS and (value is None or isinstance(value, dict)):
        _OBJECTS[name](document, value)
    elif name in _PLACES:
        group, key, convert = _PLACES[name]
        try:
            _part(document, group)[key] = None if value is None else convert(value)
        except (TypeError, ValueError, OverflowError):
            return False
    else:
        return False
    return True


def _put_place(document: dict[str, Any], value: Mapping[str, Any] | None) -> None:
    drive = _part(document, "drive_state")
    document.pop("location_data", None)
    for key in ("latitude", "longitude"):
        drive[key] = value.get(key) if value else None


def _put_doors(document: dict[str, Any], value: Mapping[str, Any] | None) -> None:
    doors = _part(document, "vehicle_state")
    for theirs, ours in _DOORS.items():
        if value is None:
            doors[ours] = None
        elif isinstance(value.get(theirs), bool):
            doors[ours] = int(value[theirs])


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    if not isinstance(document.get(name), dict):
        document[name] = {}
    part: dict[str, Any] = document[name]
    return part


_OBJECTS: Mapping[str, Callable[[dict[str, Any], Mapping[str, Any] | None], None]] = {
    "Location": _put_place,
    "DoorState": _put_doors,
}
