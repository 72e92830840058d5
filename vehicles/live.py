"""Say of each value on a car's page which signal streams it, and how it is written."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from accounts.models import Units
from tokens.readings import NOT_SENT, Group, Live, Value
from vehicles.groups import power, road
from vehicles.streamed import NO_VALUE, Overlaid
from vehicles.units import KM_PER_MILE, PSI_PER_BAR

_NOT_READ = "Neither streamed nor read yet."
_PREFIX = "DetailedChargeState"
_LIVE: Mapping[tuple[str, str], tuple[str, str]] = {
    ("Battery and range", "Battery"): ("BatteryLevel", "%"),
    ("Battery and range", "Usable"): ("Soc", "%"),
    ("Battery and range", "Range"): ("RatedRange", "distance"),
    ("Battery and range", "Estimated range"): ("EstBatteryRange", "distance"),
    ("Battery and range", "Charge limit"): ("ChargeLimitSoc", "%"),
    ("Charging", "Charging"): ("DetailedChargeState", "charging"),
    ("Charging", "Voltage"): ("ChargerVoltage", "V"),
    ("Charging", "Current"): ("ChargeAmps", "A"),
    ("Charging", "Rate"): ("ChargeRateMilePerHour", "speed"),
    ("Locks, doors, windows", "Locks"): ("Locked", "locked"),
    ("Locks, doors, windows", "Charge port"): ("ChargePortDoorOpen", "open"),
    ("Climate", "Inside"): ("InsideTemp", "temperature"),
    ("Climate", "Outside"): ("OutsideTemp", "temperature"),
    ("Climate", "Driver's setting"): ("HvacLeftTemperatureRequest", "temperature"),
    ("Climate", "Passenger's setting"): ("HvacRightTemperatureRequest", "temperature"),
    ("Driving", "Odometer"): ("Odometer", "distance"),
    ("Driving", "Speed"): ("VehicleSpeed", "speed"),
    ("Driving", "Gear"): ("Gear", "gear"),
    ("Tires", "Front left"): ("TpmsPressureFl", "pressure"),
    ("Tires", "Front right"): ("TpmsPressureFr", "pressure"),
    ("Tires", "Rear left"): ("TpmsPressureRl", "pressure"),
    ("Tires", "Rear right"): ("TpmsPressureRr", "pressure"),
    ("Location", "Position"): ("Location", "place"),
    ("Location", "Heading"): ("GpsHeading", "\N{DEGREE SIGN}"),
}
_WORDS = {
    "charging": {f"{_PREFIX}{name}": words for name, words in power.STATES.items()},
    "locked": {"true": "Locked", "false": "Unlocked"},
    "open": {"true": "Open", "false": "Closed"},
    "gear": {f"ShiftState{letter}": words for letter, words in road.GEARS.items()},
}
_DIGITS = {
    **dict.fromkeys(("%", "V", "A", "\N{DEGREE SIGN}", "min", "m", "Nm", "s"), 0),
    **dict.fromkeys(("kWh", "kW", "h", "m/s\N{SUPERSCRIPT TWO}"), 1),
}
_NUMBERS: Mapping[tuple[str, str], tuple[float, float, int, str]] = {
    ("distance", Units.METRIC): (KM_PER_MILE, 0, 0, "km"),
    ("distance", Units.IMPERIAL): (1, 0, 0, "mi"),
    ("speed", Units.METRIC): (KM_PER_MILE, 0, 0, "km/h"),
    ("speed", Units.IMPERIAL): (1, 0, 0, "mph"),
    ("temperature", Units.METRIC): (1, 0, 1, "\N{DEGREE SIGN}C"),
    ("temperature", Units.IMPERIAL): (9 / 5, 32, 0, "\N{DEGREE SIGN}F"),
    ("pressure", Units.METRIC): (1, 0, 1, "bar"),
    ("pressure", Units.IMPERIAL): (PSI_PER_BAR, 0, 0, "psi"),
    **{
        (unit, units): (1, 0, digits, unit)
        for unit, digits in _DIGITS.items()
        for units in (Units.METRIC, Units.IMPERIAL)
    },
}

_WHOLE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Charging", "Power"): ("ACChargingPower", "DCChargingPower"),
    ("Charging", "Time to limit"): ("TimeToFullCharge",),
    ("Locks, doors, windows", "Doors"): ("DoorState",),
    ("Locks, doors, windows", "Windows"): (
        *("FdWindow", "FpWindow", "RdWindow", "RpWindow"),
    ),
    ("Locks, doors, windows", "Front trunk"): ("DoorState",),
    ("Locks, doors, windows", "Trunk"): ("DoorState",),
    ("Locks, doors, windows", "Sentry mode"): ("SentryMode",),
    ("Climate", "Climate"): ("HvacPower",),
    ("Climate", "Climate keeper"): ("ClimateKeeperMode",),
    ("Climate", "Overheat protection"): ("CabinOverheatProtectionMode",),
    ("Software", "Version"): ("Version",),
}
"""The signals of values that a browser does not write by itself."""
REFRESHING = " ".join(
    sorted({"DetailedChargeState", *(one for many in _WHOLE.values() for one in many)})
)
"""The signals that change more than one value; a page is read anew for them."""


def marked(
    groups: Iterable[Group], units: Units, newest: Overlaid
) -> tuple[Group, ...]:
    """Return the groups with what streams each value, and when it was streamed."""
    return tuple(
        replace(
            group,
            values=tuple(
                mark(group.title, value, units, newest) for value in group.values
            ),
        )
        for group in groups
    )


def mark(title: str, value: Value, units: Units, newest: Overlaid) -> Value:
    """Return one value of a group with its signal, and why it is unknown."""
    known = _LIVE.get((title, value.label))
    names = (known[0],) if known else _WHOLE.get((title, value.label), ())
    streamed_at = _streamed_at(names, newest.at)
    return replace(
        value,
        reason=_reason(value, newest, is_streamed=streamed_at is not None),
        live=_live(*known, units) if known else None,
        streamed_at=streamed_at,
    )


def _streamed_at(names: tuple[str, ...], at: Mapping[str, datetime]) -> datetime | None:
    """Return when the newest of a value's signals came, None unless all have come."""
    return max(at[one] for one in names) if names and at.keys() >= set(names) else None


def _reason(value: Value, newest: Overlaid, *, is_streamed: bool) -> str:
    if value.reason != NOT_SENT:
        return value.reason
    if is_streamed:
        return NO_VALUE
    return NOT_SENT if newest.is_read else _NOT_READ


def number(signal: str, kind: str, units: Units) -> Live:
    """Return how a signal's number is written.

    `kind` is distance, speed, temperature, pressure, or a unit that everybody reads.
    Raises KeyError for any other.
    """
    scale, offset, digits, unit = _NUMBERS[kind, units]
    return Live(signal, "number", scale, offset, digits, unit)


def _live(signal: str, kind: str, units: Units) -> Live:
    if kind in _WORDS:
        return Live(signal, "word", words=json.dumps(_WORDS[kind]))
    if kind == "place":
        return Live(signal, kind)
    return number(signal, kind, units)
