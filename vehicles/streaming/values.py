"""What a car told last, field by field, as its streaming page shows it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vehicles.streaming.editor import label_of
from vehicles.streaming.lights import Heard, moment


@dataclass(frozen=True, slots=True)
class Told:
    """One field: its value as text, "" for none, and when the car told it.

    `form` says how a live value is written: word (yes or no), place, or "" as it is.
    """

    name: str
    label: str
    text: str
    form: str
    at: datetime | None


def values(heard: Heard, wanted: Iterable[str]) -> list[Told]:
    """Return a row for each field that is wanted."""
    known = heard.snapshot.signals if heard.snapshot else {}
    found = []
    for name in sorted(wanted):
        last = known.get(name)
        value = json.loads(last.value) if last else None
        at = moment(last.at_ms) if last else None
        found.append(Told(name, label_of(name), _text(value), _form(value), at))
    return found


def _form(value: Any) -> str:
    if isinstance(value, bool):
        return "word"
    return "place" if isinstance(value, dict) and "latitude" in value else ""


def _text(value: Any) -> str:
    """Return a value as it is shown, "" for none: a place by its two numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if _form(value) == "place":
        return f"{value['latitude']:.5f}, {value['longitude']:.5f}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value)
