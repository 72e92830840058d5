"""Write what a car streams as people read it; `values.js` writes the same live."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from accounts.models import Units
from fleet import streamed
from fleet.records.words import ENUMS
from tokens.readings import Live
from vehicles import live
from vehicles.streaming.labels import sentence
from vehicles.units import figure

_KINDS: Final[Mapping[str, str]] = {
    "%": r"BatteryLevel|Soc|ChargeLimitSoc|ExpectedEnergyPercentAtTripArrival"
    r"|BrickSocMinPercent|.*PercentComplete|TonneauOpenPercent|(Brake)?Pedal(Pos|Position)",
    "distance": r".*Range|Odometer|MilesToArrival|.*MilesSinceReset",
    "speed": r"VehicleSpeed|ChargeRateMilePerHour|.*Mph",
    "temperature": r"(In|Out)sideTemp|Hvac\w+TemperatureRequest|ModuleTemp(Max|Min)"
    r"|Di(HeatsinkT|InverterT|StatorTemp)\w+",
    "pressure": r"(Semitruck)?TpmsPressure.*",
    "kWh": r"[AD]CChargingEnergyIn|EnergyRemaining|LifetimeEnergy.*|.*EnergyKwh",
    "kW": r"[AD]CChargingPower|.*PowerKW",
    "V": r"ChargerVoltage|PackVoltage|DiVBat\w+",
    "A": r"ChargeAmps|ChargeCurrentRequest(Max)?|PackCurrent|DiMotorCurrent\w+",
    "h": r"TimeToFullCharge|.*Hours.*",
    "min": r"MinutesToArrival|.*Minutes(Delay)?",
    "m": r"GpsAccuracyMeters",
    "\N{DEGREE SIGN}": r"GpsHeading",
    "Nm": r"Di(TorqueActual\w+|SlaveTorqueCmd|Torquemotor)",
    "m/s\N{SUPERSCRIPT TWO}": r"(Lateral|Longitudinal)Acceleration",
}
_YES_NO: Final = json.dumps({"true": "Yes", "false": "No"})
_NONE: Final = {"DoorState": "All closed"}
_MOMENTS: Final = frozenset({"RouteLastUpdated"})


def live_of(name: str, value: Any, units: Units) -> Live:
    """Return how a field is written whose last value was this one.

    The kind of a value counts first, since firmwares change it.
    """
    if isinstance(value, bool):
        return Live(name, "word", words=_YES_NO)
    if isinstance(value, str) and value in ENUMS:
        return Live(name, "word", words=json.dumps(ENUMS[value]))
    if isinstance(value, Mapping):
        return _object(name, value)
    if isinstance(value, int | float):
        return _number(name, units)
    return Live(name, "text")


def text_of(value: Any, how: Live) -> str:
    """Return a value as it is shown, "" for none.

    What no form fits, such as a moment beyond the calendar, is shown as it came.
    """
    if value is None:
        return ""
    try:
        return _FORMS[how.form](value, how)
    except (ArithmeticError, OSError, ValueError):
        return _text(value, how)


def _object(name: str, value: Mapping[str, Any]) -> Live:
    if value.get("latitude") is not None and value.get("longitude") is not None:
        return Live(name, "place")
    words = {key: sentence(key) for key in value} | {"": _NONE.get(name, "None")}
    return Live(name, "set", words=json.dumps(words))


def _number(name: str, units: Units) -> Live:
    if streamed.fields().get(name, {}).get("type") == "time" or name in _MOMENTS:
        return Live(name, "moment")
    for kind, names in _KINDS.items():
        if re.fullmatch(names, name):
            return live.number(name, kind, units)
    return Live(name, "plain")


def _scaled(value: float, how: Live) -> str:
    return figure(value * how.scale + how.offset, how.digits)


def _plain(value: float, _how: Live) -> str:
    text = figure(value, 2)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _word(value: str | bool, how: Live) -> str:  # noqa: FBT001 - it is the value
    key = value if isinstance(value, str) else json.dumps(value)
    return str(json.loads(how.words)[key])


def _set(value: Mapping[str, Any], how: Live) -> str:
    words = json.loads(how.words)
    on = ", ".join(words[key] for key in value if value[key])
    return on[:1] + on[1:].lower() if on else str(words[""])


def _place(value: Mapping[str, float], _how: Live) -> str:
    return f"{value['latitude']:.5f}, {value['longitude']:.5f}"


def _moment(value: float, _how: Live) -> str:
    return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M} UTC"


def _text(value: Any, _how: Live) -> str:
    return value if isinstance(value, str) else json.dumps(value)


_FORMS: Final[Mapping[str, Callable[[Any, Live], str]]] = {
    "number": _scaled,
    "plain": _plain,
    "word": _word,
    "set": _set,
    "place": _place,
    "moment": _moment,
    "text": _text,
}
