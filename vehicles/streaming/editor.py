"""The field editor: what this car can stream, what is ticked, what was typed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fleet import streamed
from fleet.scopes import Scope
from fleet.vin import model_of
from vehicles.models import VehicleAccess
from vehicles.services.telemetry import fields as checking
from vehicles.services.telemetry.fields import DELTA, INTERVAL, RESEND, Fields
from vehicles.streaming import cost
from vehicles.streaming.labels import label_of

_NUMBERS = re.compile(r"[0-9]+", re.ASCII)
_MOST_TEXT = 20
_WHOLE = re.compile(rf"[0-9]{{1,{_MOST_TEXT}}}", re.ASCII)
_NO_INTERVAL = (
    "write the interval in whole seconds, without a comma or a point, such as 3600."
)
_NO_NUMBER = "write the least change as a plain number, such as 60 or 0.5."
_FIRST = ("Charging", "Driving", "Location", "Climate", "Vehicle State", "Safety")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field in the editor. `needs` says what the car or the person lacks for it."""

    name: str
    label: str
    category: str
    is_on: bool
    interval: str
    delta: str
    takes_delta: bool
    needs: str
    is_barred: bool
    cost: str


@dataclass(frozen=True, slots=True)
class Category:
    """The fields of one category that are shown, and how many of them are ticked."""

    name: str
    rows: tuple[FieldRow, ...]

    @property
    def ticked(self) -> int:
        """Return how many of its fields are ticked."""
        return sum(row.is_on for row in self.rows)


def names_for(access: VehicleAccess) -> list[str]:
    """Return the fields that the car's model and software know, places where granted."""
    return [
        name
        for name, facts in streamed.fields().items()
        if fits_model(access, facts) and not _lacks(access, name, facts)
    ]


def fits_model(access: VehicleAccess, facts: Mapping[str, Any]) -> bool:
    """Tell whether a field is for cars of this model."""
    return "models" not in facts or model_of(access.vehicle.vin) in facts["models"]


def categories(
    access: VehicleAccess, chosen: Mapping[str, Mapping[str, Any]], asked: str = ""
) -> list[Category]:
    """Return the editor's rows by category; `asked` keeps those that hold its words."""
    words = asked.lower().split()
    found: dict[str, list[FieldRow]] = {}
    for name, facts in streamed.fields().items():
        if not (fits_model(access, facts) or name in chosen):
            continue
        row = _row(access, name, facts, chosen.get(name))
        text = f"{row.name} {row.label} {row.category}".lower()
        if all(word in text for word in words):
            found.setdefault(row.category, []).append(row)
    return [
        Category(name, tuple(sorted(rows, key=lambda row: (not row.is_on, row.label))))
        for name, rows in sorted(found.items(), key=lambda one: order(one[0]))
    ]


def order(category: str) -> tuple[int, str]:
    """Return where a category stands: what most people look for comes first."""
    is_first = category in _FIRST
    return (_FIRST.index(category) if is_first else len(_FIRST)), category


def read(ticked: Iterable[str], typed: Mapping[str, str], kept: Fields) -> Fields:
    """Return the fields that a form asks for, what it did not show being kept.

    `typed` holds "interval.<field>", "delta.<field>", and as "was" the names of those
    that were ticked when the form was made. Raises `checking.Invalid`.
    """
    names = list(dict.fromkeys(ticked))
    unticked = set(typed.get("was", "").split(",")) - set(names)
    sent: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name in names:
        try:
            sent[name] = _typed(typed, name)
        except ValueError as why:
            wrong[name] = f"{label_of(name)}: {why}"
        else:
            if RESEND in kept.get(name, {}):
                sent[name][RESEND] = kept[name][RESEND]
    if wrong:
        raise checking.Invalid(wrong)
    left = {name: kept[name] for name in kept if name not in unticked}
    return left | checking.check(sent, {}).fields


def _typed(form: Mapping[str, str], name: str) -> dict[str, Any]:
    """Return what was typed beside a field. Raises ValueError, in words for people."""
    typed: dict[str, Any] = {}
    if text := form.get(f"interval.{name}", "").strip():
        if not _WHOLE.fullmatch(text):
            raise ValueError(_NO_INTERVAL)
        typed[INTERVAL] = int(text)
    if text := form.get(f"delta.{name}", "").strip().replace(",", ".")[:_MOST_TEXT]:
        try:
            number = float(text)
        except ValueError:
            raise ValueError(_NO_NUMBER) from None
        typed[DELTA] = int(number) if number.is_integer() else number
    return typed


def _row(
    access: VehicleAccess,
    name: str,
    facts: Mapping[str, Any],
    chosen: Mapping[str, Any] | None,
) -> FieldRow:
    settings = chosen or {INTERVAL: checking.default_interval(name)}
    lacks = _lacks(access, name, facts)
    return FieldRow(
        name=name,
        label=label_of(name),
        category=facts["category"],
        is_on=chosen is not None,
        interval=_text(settings.get(INTERVAL)),
        delta=_text(settings.get(DELTA)),
        takes_delta=checking.takes_delta(name),
        needs=lacks,
        is_barred=lacks == Scope.VEHICLE_LOCATION and chosen is None,
        cost=cost.words(cost.signals(name, settings)),
    )


def _lacks(access: VehicleAccess, name: str, facts: Mapping[str, Any]) -> str:
    """Return the scope or the software that a field wants and does not find, or ""."""
    if name in streamed.LOCATION_SIGNALS and not access.grant.has(
        Scope.VEHICLE_LOCATION
    ):
        return Scope.VEHICLE_LOCATION.value
    wanted, has = facts.get("version", ""), access.vehicle.firmware
    if wanted and has and _parts(has) < _parts(wanted):
        return f"software {wanted}"
    return ""


def _parts(version: str) -> list[int]:
    """Return a version's numbers: "2024.44.25.1 abc" is [2024, 44, 25, 1]."""
    return [int(part) for part in _NUMBERS.findall(version.partition(" ")[0])]


def _text(number: Any) -> str:
    return (
        ""
        if number is None
        else f"{number:g}"
        if isinstance(number, float)
        else str(number)
    )
