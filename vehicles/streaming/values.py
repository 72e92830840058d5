"""What a car told last, field by field, as its streaming page shows it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Units
from fleet import streamed
from tokens.readings import Live
from vehicles.streaming.editor import order
from vehicles.streaming.labels import label_of
from vehicles.streaming.lights import Heard, moment
from vehicles.streaming.written import live_of, text_of


@dataclass(frozen=True, slots=True)
class Told:
    """One field: its value as text, "" for none, how it is written, and its time."""

    name: str
    label: str
    text: str
    live: Live
    at: datetime


@dataclass(frozen=True, slots=True)
class Values:
    """What was told, by category, and the names and labels of what was not yet."""

    told: tuple[tuple[str, tuple[Told, ...]], ...]
    missing: tuple[tuple[str, str], ...]


def values(heard: Heard, wanted: Iterable[str], units: Units) -> Values:
    """Return the fields that are wanted, as far as the car told them."""
    known = heard.snapshot.signals if heard.snapshot else {}
    told: dict[str, list[Told]] = {}
    missing = []
    for label, name in sorted((label_of(name), name) for name in wanted):
        last = known.get(name)
        if last is None:
            missing.append((name, label))
            continue
        value = json.loads(last.value)
        how = live_of(name, value, units)
        category = streamed.fields().get(name, {}).get("category", "Others")
        told.setdefault(category, []).append(
            Told(name, label, text_of(value, how), how, moment(last.at_ms))
        )
    return Values(
        tuple(
            (category, tuple(rows))
            for category, rows in sorted(told.items(), key=lambda one: order(one[0]))
        ),
        tuple(missing),
    )
