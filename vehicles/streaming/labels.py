"""Name the fields as people read them."""

import re
from collections.abc import Mapping
from typing import Final

from fleet.records.words import PARTS

_AXLES: Final = {"F": "front", "R": "rear", "REL": "rear left", "RER": "rear right"}
_INVERTER: Final = re.compile(r"Di(\w+?)(REL|RER|F|R)")
_INVERTERS: Final = {
    "AxleSpeed": "Axle speed",
    "HeatsinkT": "Heat sink temperature",
    "InverterT": "Inverter temperature",
    "MotorCurrent": "Motor current",
    "State": "Inverter state",
    "StatorTemp": "Stator temperature",
    "TorqueActual": "Torque",
    "VBat": "Inverter voltage",
}
_WHOLE: Final = {
    "BmsFullchargecomplete": "BMS full charge complete",
    "BrickSocMinPercent": "Lowest brick charge",
    "ChargeCurrentRequestMax": "Highest charge current request",
    "ChargeLimitSoc": "Charge limit",
    "ChargeRateMilePerHour": "Charge rate",
    "DCDCEnable": "DC-DC converter on",
    "DiSlaveTorqueCmd": "Torque command",
    "DiTorquemotor": "Motor torque",
    "FdWindow": "Window front, driver",
    "FpWindow": "Window front, passenger",
    "Hvil": "High voltage interlock",
    "PairedPhoneKeyAndKeyFobQty": "Paired phone keys and key fobs",
    "RdWindow": "Window rear, driver",
    "RpWindow": "Window rear, passenger",
    "Setting24HourTime": "24-hour clock",
    "Soc": "State of charge",
}
_WORDS: Final[Mapping[str, str]] = {
    "Bms": "BMS",
    "Est": "estimated",
    "Fl": "front left",
    "Fr": "front right",
    "Gps": "GPS",
    "Hvac": "climate",
    "Kwh": "",
    "KW": "",
    "Mph": "",
    "Num": "number of",
    "Pos": "position",
    "Rl": "rear left",
    "Rr": "rear right",
    "Semitruck": "semi",
    "Soc": "state of charge",
    "Temp": "temperature",
    "Tpms": "tire",
}


def label_of(name: str) -> str:
    """Return a field's name as people read it: "BatteryLevel" is "Battery level"."""
    if name in _WHOLE:
        return _WHOLE[name]
    inverter = _INVERTER.fullmatch(name)
    if inverter and inverter[1] in _INVERTERS:
        return f"{_INVERTERS[inverter[1]]}, {_AXLES[inverter[2]]}"
    return sentence(name)


def sentence(name: str) -> str:
    """Return a name in camel case as words, the first with a capital letter."""
    first, *rest = PARTS.split(name)
    words = [_WORDS.get(first, first), *(_word(word) for word in rest)]
    text = " ".join(word for word in words if word)
    return text[:1].upper() + text[1:]


def _word(word: str) -> str:
    return _WORDS.get(word, word if word.isupper() else word.lower())
