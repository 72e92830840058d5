"""Say in words what cars tell as the names of Tesla's enums."""

import re
from collections.abc import Mapping
from typing import Final

from tesla_protocol.telemetry import vehicle_data_pb2 as protocol

PARTS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")
"""Where the words of a name in camel case meet."""
_UNKNOWN: Final = "Unknown"
_SPECIAL: Final = {"SNA": "Not available"}


def _words(name: str) -> str:
    """Return "PartiallyOpen" as "Partially open"; what is all capitals stays so."""
    first, *rest = PARTS.split(_SPECIAL.get(name, name))
    return " ".join((first, *(w if w.isupper() else w.lower() for w in rest)))


def _enums() -> dict[str, Mapping[str, str]]:
    """Return the words of each enum by each of its names."""
    found: dict[str, Mapping[str, str]] = {}
    for field in protocol.Value.DESCRIPTOR.fields:
        if field.enum_type is not None:
            names = [value.name for value in field.enum_type.values]
            kind = names[0].removesuffix(_UNKNOWN)
            words = {name: _words(name.removeprefix(kind)) for name in names}
            found |= dict.fromkeys(names, words)
    return found


ENUMS: Final[Mapping[str, Mapping[str, str]]] = _enums()
"""By the full name of an enum's value, the words of all values of that enum.

Such as "BMSStateSupport": {"BMSStateSupport": "Support", "BMSStateDrive": "Drive", …}.
"""
