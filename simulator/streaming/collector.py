"""Decide in buckets of 500 ms which fields are sent.

A field is sent when its interval has passed and its value has changed; also unchanged
when its own resend interval has passed, or when another field that is sent includes it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.streaming.readings.kinds import Reading

BUCKET_S = 0.5
_NUMBERS = ("int_value", "long_value", "float_value", "double_value")
_METERS_PER_DEGREE = 111_320.0
_ALMOST_S = 1e-6

Read = Callable[[str], Reading | None]
"""Return a field's reading now, or None when the car has no such field."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Hold how often and when one field is wanted; `delta` in its unit, or meters."""

    interval_s: float
    delta: float = 0.0
    resend_s: float = math.inf
    includes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sent:
    at_s: float
    reading: Reading


def wishes_of(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Wish]:
    """Return the wishes that the `fields` of a config hold."""
    return {
        name: Wish(
            float(wish["interval_seconds"]),
            float(wish.get("minimum_delta") or 0.0),
            float(wish.get("resend_interval_seconds") or math.inf),
            tuple(wish.get("include_fields") or ()),
        )
        for name, wish in fields.items()
    }


class Collector:
    """Remember what a car sent last, to send what its wishes ask for next."""

    def __init__(self, wishes: Mapping[str, Wish]) -> None:
        self._wishes = wishes
        self._sent: dict[str, _Sent] = {}
        self._bucket_s = -math.inf

    def forget(self) -> None:
        """Begin anew, as a car that has slept: each field is sent once at first."""
        self._sent.clear()

    def collect(self, now_s: float, read: Read) -> dict[str, Reading]:
        """Return what to send in this bucket, empty in between two buckets."""
        if abs(now_s - self._bucket_s) < BUCKET_S - _ALMOST_S:
            return {}
        self._bucket_s = now_s
        found: dict[str, Reading] = {}
        for name, wish in self._wishes.items():
            reading = self._due(name, wish, now_s, read)
            if reading is not None:
                found[name] = reading
        for name in list(found):
            for other in self._wishes[name].includes:
                reading = None if other in found else read(other)
                if reading is not None:
                    found[other] = reading
        self._sent |= {name: _Sent(now_s, one) for name, one in found.items()}
        return found

    def _due(self, name: str, wish: Wish, now_s: float, read: Read) -> Reading | None:
        sent = self._sent.get(name)
        if sent is None:
            return read(name)
        passed_s = now_s - sent.at_s + _ALMOST_S
        if passed_s >= wish.resend_s:
            return read(name)
        if passed_s < wish.interval_s:
            return None
        reading = read(name)
        if reading is None or not has_changed(sent.reading, reading, wish.delta):
            return None
        return reading


def has_changed(before: Reading, now: Reading, delta: float) -> bool:
    """Tell whether a reading differs, by at least `delta` where it can be measured."""
    if before == now:
        return False
    if delta <= 0 or before[0] != now[0]:
        return True
    if now[0] in _NUMBERS:
        return bool(abs(now[1] - before[1]) >= delta)
    if now[0] == "location_value":
        return _meters(before[1], now[1]) >= delta
    return True


def _meters(here: tuple[float, float], there: tuple[float, float]) -> float:
    north = there[0] - here[0]
    east = (there[1] - here[1]) * math.cos(math.radians(here[0]))
    return _METERS_PER_DEGREE * math.hypot(north, east)
