"""Sets of fields to begin with."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fleet import streamed
from vehicles.services.telemetry.fields import (
    DELTA,
    INTERVAL,
    Fields,
    Settings,
    default_interval,
)
from vehicles.streaming import cost

_CHEAP_SIGNALS = 1500
_SLOW_S = 1800


@dataclass(frozen=True, slots=True)
class Preset:
    """One set: its name in addresses, its title, what it is for, and its fields.

    `choose` takes the fields that fit the car and returns those of the set.
    """

    name: str
    title: str
    words: str
    choose: Callable[[Iterable[str]], Fields]


def _listed(wanted: Mapping[str, Settings]) -> Callable[[Iterable[str]], Fields]:
    def choose(names: Iterable[str]) -> Fields:
        known = set(names)
        return {
            name: {INTERVAL: default_interval(name), **settings}
            for name, settings in wanted.items()
            if name in known
        }

    return choose


def _cheap(names: Iterable[str]) -> Fields:
    """Return every field but places, seldom enough that each costs about a cent."""
    found: Fields = {}
    for name in names:
        if name in streamed.LOCATION_SIGNALS:
            continue
        settings = {INTERVAL: default_interval(name)}
        # A time may be that of each measurement, and then never stays the same.
        is_time = streamed.fields()[name]["type"] == "time"
        if is_time or cost.signals(name, settings) > _CHEAP_SIGNALS:
            settings = {INTERVAL: _SLOW_S}
        found[name] = settings
    return found


_OFTEN = {INTERVAL: 10}
_EACH_MINUTE = {INTERVAL: 60}
PRESETS = (
    Preset(
        "charging",
        "Charging",
        "State of charge, limit, power, energy, cable and schedule.",
        _listed(
            {
                "BatteryLevel": {**_EACH_MINUTE, DELTA: 1},
                "RatedRange": _EACH_MINUTE,
                "DetailedChargeState": {},
                "ChargeLimitSoc": {},
                "ChargeAmps": _EACH_MINUTE,
                "ChargerVoltage": _EACH_MINUTE,
                "ACChargingPower": _EACH_MINUTE,
                "ACChargingEnergyIn": _EACH_MINUTE,
                "DCChargingPower": _EACH_MINUTE,
                "TimeToFullCharge": _EACH_MINUTE,
                "ChargePortDoorOpen": {},
                "ChargePortLatch": {},
                "ChargingCableType": {},
                "FastChargerPresent": {},
                "ScheduledChargingMode": {},
                "ScheduledChargingStartTime": {},
            }
        ),
    ),
    Preset(
        "location",
        "Location",
        "Where the car is and goes: place, speed, gear, heading, route.",
        _listed(
            {
                "Location": {**_OFTEN, DELTA: 20},
                "GpsHeading": _OFTEN,
                "VehicleSpeed": _OFTEN,
                "Gear": {},
                "Odometer": _EACH_MINUTE,
                "DestinationName": {},
                "MilesToArrival": _EACH_MINUTE,
                "MinutesToArrival": _EACH_MINUTE,
                "LocatedAtHome": {},
                "LocatedAtWork": {},
                "LocatedAtFavorite": {},
            }
        ),
    ),
    Preset(
        "climate",
        "Climate",
        "Temperatures, air conditioning, seats and defrosters.",
        _listed(
            {
                "InsideTemp": {**_EACH_MINUTE, DELTA: 0.5},
                "OutsideTemp": {**_EACH_MINUTE, DELTA: 0.5},
                "HvacPower": {},
                "HvacLeftTemperatureRequest": _EACH_MINUTE,
                "HvacRightTemperatureRequest": _EACH_MINUTE,
                "HvacFanStatus": _EACH_MINUTE,
                "HvacAutoMode": {},
                "ClimateKeeperMode": {},
                "DefrostMode": {},
                "PreconditioningEnabled": {},
                "SeatHeaterLeft": _EACH_MINUTE,
                "SeatHeaterRight": _EACH_MINUTE,
                "CabinOverheatProtectionMode": {},
            }
        ),
    ),
    Preset(
        "cheap",
        "Everything cheap",
        "All that this car can tell but its place, fast numbers every half hour.",
        _cheap,
    ),
)
BY_NAME = {preset.name: preset for preset in PRESETS}
