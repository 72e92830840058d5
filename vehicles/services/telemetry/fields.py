"""Check the fields that somebody wants streamed, and fill in what they leave open."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fleet import streamed

INTERVAL = "interval_seconds"
RESEND = "resend_interval_seconds"
DELTA = "minimum_delta"
MOST_SECONDS = 30 * 24 * 3600
_MOST_DELTA = 1_000_000
# Names of Tesla's protocol that stand for nothing any more, or never did in public.
_RETIRED = re.compile(r"(Deprecated|Experimental)_[0-9]{1,2}", re.ASCII)
_KNOWN = frozenset({INTERVAL, RESEND, DELTA})

Settings = dict[str, Any]
Fields = dict[str, Settings]


class Invalid(ValueError):
    """A wish that cannot be taken; `messages` holds a sentence for each bad field."""

    def __init__(self, messages: Mapping[str, str]) -> None:
        super().__init__(" ".join(messages.values()))
        self.messages = dict(messages)


class _Wrong(Exception):
    """What is wrong with one field, in a sentence."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Fields with their settings, and the names that were retired and left out."""

    fields: Fields = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


def check(sent: Mapping[str, Any], kept: Mapping[str, Settings]) -> Checked:
    """Return the fields to be streamed, each with an interval that is allowed.

    None or {} asks for a field as it is `kept`, else with its default interval; an
    interval below the field's least is raised to it. Raises `Invalid` for fields that
    nobody knows and for settings that cannot be.
    """
    wrong: dict[str, str] = {}
    found = Checked()
    for name, settings in sent.items():
        if _RETIRED.fullmatch(name):
            found.ignored.append(name)
            continue
        try:
            found.fields[name] = _settings(name, settings, kept.get(name))
        except _Wrong as why:
            wrong[name] = str(why)
    if wrong:
        raise Invalid(wrong)
    return found


def located(names: Iterable[str]) -> list[str]:
    """Return those of the fields that tell where the car is or goes."""
    return sorted(streamed.LOCATION_SIGNALS.intersection(names))


def default_interval(name: str) -> int:
    """Return how often a field is sent at most unless somebody says otherwise."""
    return int(streamed.fields()[name][INTERVAL]["default"])


def takes_delta(name: str) -> bool:
    """Tell whether a field can wait for a least change: numbers and places."""
    facts = streamed.fields()[name]
    return DELTA in facts or facts["type"] in {"float", "int", "location"}


def _settings(name: str, sent: Any, kept: Settings | None) -> Settings:
    facts = streamed.fields().get(name)
    if facts is None:
        raise _Wrong(f"“{name[:80]}” is no field that cars stream.")
    if sent is None or sent == {}:
        return kept or {INTERVAL: default_interval(name)}
    if not isinstance(sent, dict):
        raise _Wrong(f"“{name}” must be an object such as {{“{INTERVAL}”: 60}}.")
    if unknown := sorted(sent.keys() - _KNOWN):
        raise _Wrong(f"“{name}” has no setting “{unknown[0][:40]}”.")
    found: Settings = {INTERVAL: _interval(name, sent.get(INTERVAL))}
    if sent.get(RESEND) is not None:
        found[RESEND] = max(_seconds(name, RESEND, sent[RESEND]), found[INTERVAL])
    if sent.get(DELTA) is not None:
        found[DELTA] = _delta(name, sent[DELTA])
    return found


def _interval(name: str, sent: Any) -> int:
    if sent is None:
        return default_interval(name)
    least = int(streamed.fields()[name][INTERVAL].get("min", 1))
    return max(_seconds(name, INTERVAL, sent), least)


def _seconds(name: str, setting: str, sent: Any) -> int:
    """Return whole seconds; Tesla takes no fraction, so that they are rounded up."""
    if not _is_number(sent) or not 0 < sent <= MOST_SECONDS:
        raise _Wrong(
            f"“{setting}” of “{name}” must be a number of seconds from 1 to"
            f" {MOST_SECONDS}."
        )
    seconds: int = math.ceil(sent)
    return seconds


def _delta(name: str, sent: Any) -> int | float:
    if not takes_delta(name):
        raise _Wrong(f"“{name}” is no number, so that it takes no “{DELTA}”.")
    if not _is_number(sent) or not 0 <= sent <= _MOST_DELTA:
        raise _Wrong(f"“{DELTA}” of “{name}” must be a number from 0 to {_MOST_DELTA}.")
    number: int | float = sent
    return number


def _is_number(sent: Any) -> bool:
    if isinstance(sent, float):
        return math.isfinite(sent)
    return isinstance(sent, int) and not isinstance(sent, bool)
