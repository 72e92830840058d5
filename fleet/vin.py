"""Read a vehicle identification number."""

import re

_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}", re.ASCII)
_MODELS = {
    "S": "Model S",
    "3": "Model 3",
    "X": "Model X",
    "Y": "Model Y",
    "C": "Cybertruck",
    "T": "Semi",
    "R": "Roadster",
}
# Letters begin in 2010 and leave out those that look like digits, and U and Z.
_YEARS = {code: 2010 + place for place, code in enumerate("ABCDEFGHJKLMNPRSTVWXY")} | {
    "8": 2008,
    "9": 2009,
}


def is_vin(text: str) -> bool:
    """Tell whether a text has the shape of a VIN: 17 upper-case signs, no I, O, Q."""
    return _VIN.fullmatch(text) is not None


def model_of(vin: str) -> str:
    """Return the model, such as "Model 3"; "Tesla" where the VIN does not say."""
    return _MODELS.get(vin[3], "Tesla") if is_vin(vin) else "Tesla"


def year_of(vin: str) -> int | None:
    """Return the model year, None where the VIN does not say."""
    return _YEARS.get(vin[9]) if is_vin(vin) else None
