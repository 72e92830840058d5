"""Take values out of answers, without trusting that they are there or well-formed."""

import math
from collections.abc import Mapping
from typing import Any


def section(document: Any, name: str) -> Mapping[str, Any]:
    """Return the object under a name, an empty one where there is none."""
    value = document.get(name) if isinstance(document, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def items(document: Any, name: str) -> list[Mapping[str, Any]]:
    """Return the objects of the list under a name, empty where there is none."""
    value = document.get(name) if isinstance(document, Mapping) else None
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, Mapping)]


def text(document: Mapping[str, Any], name: str) -> str:
    """Return the text under a name, "" where there is none."""
    value = document.get(name)
    return value if isinstance(value, str) else ""


def number(document: Mapping[str, Any], name: str) -> float | None:
    """Return the finite number under a name, else None; a boolean is none."""
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def whole(document: Mapping[str, Any], name: str) -> int | None:
    """Return the whole number under a name, else None; digits in a text count."""
    value = document.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value) if len(value) < 20 else None
    found = number(document, name)
    return int(found) if found is not None else None


def flag(document: Mapping[str, Any], name: str) -> bool | None:
    """Return the boolean under a name, else None."""
    value = document.get(name)
    return value if isinstance(value, bool) else None
