"""Describe how a car spends its days: parked, plugged in, on the road."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

_STOPS = 5


@dataclass(frozen=True, slots=True)
class Place:
    """Name a spot on the map."""

    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Plug:
    """Describe a charger; `site` and `connector` are set at our own Wall Connectors."""

    voltage: int
    phases: int
    max_amps: int
    site: str = ""
    connector: int = 0
    fast_kw: float = 0.0

    @property
    def is_fast(self) -> bool:
        """Tell whether this is a direct-current charger."""
        return self.fast_kw > 0


@dataclass(frozen=True, slots=True)
class Leg:
    """Hold one stretch of a routine; a leg with miles is a drive to `place`."""

    duration_s: float
    place: Place
    miles: float = 0.0
    start: Place | None = None
    plug: Plug | None = None

    @property
    def is_drive(self) -> bool:
        """Tell whether the car moves."""
        return self.miles > 0

    def progress(self, elapsed_s: float) -> float:
        """Return the driven share, 0 to 1; the car stands at both ends."""
        share = elapsed_s / self.duration_s
        turn = 2.0 * math.pi * share
        slow = 0.6 * math.sin(turn) / (2.0 * math.pi)
        wave = 0.4 * math.sin(_STOPS * turn) / (2.0 * math.pi * _STOPS)
        return share - slow - wave

    def speed_mph(self, elapsed_s: float) -> float:
        """Return the speed, the derivative of `progress`."""
        turn = 2.0 * math.pi * elapsed_s / self.duration_s
        pace = 1.0 - 0.6 * math.cos(turn) - 0.4 * math.cos(_STOPS * turn)
        return self.miles / (self.duration_s / 3600.0) * pace

    def acceleration_mph_s(self, elapsed_s: float) -> float:
        """Return the derivative of the speed, in mph per second."""
        turn = 2.0 * math.pi * elapsed_s / self.duration_s
        push = 0.6 * math.sin(turn) + 0.4 * _STOPS * math.sin(_STOPS * turn)
        mean_mph = self.miles / (self.duration_s / 3600.0)
        return mean_mph * push * 2.0 * math.pi / self.duration_s


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hold the part of a leg between two moments; `began_s` is the leg's own start."""

    leg: Leg
    began_s: float
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class Routine:
    """Repeat legs for ever, before and after the moment `origin_s`."""

    legs: tuple[Leg, ...]

    @property
    def period_s(self) -> float:
        """Return how long one round takes."""
        return sum(leg.duration_s for leg in self.legs)

    @property
    def miles(self) -> float:
        """Return how far one round goes."""
        return sum(leg.miles for leg in self.legs)

    def stretches(
        self, origin_s: float, from_s: float, to_s: float
    ) -> Iterator[Stretch]:
        """Yield what lies between two moments, in order; empty when from ≥ to."""
        period_s = self.period_s
        began_s = origin_s + (from_s - origin_s) // period_s * period_s
        while began_s < to_s:
            for leg in self.legs:
                ends_s = began_s + leg.duration_s
                start_s, stop_s = max(began_s, from_s), min(ends_s, to_s)
                if start_s < stop_s:
                    yield Stretch(leg, began_s, start_s, stop_s)
                began_s = ends_s

    def leg_at(self, origin_s: float, at_s: float) -> tuple[Leg, float]:
        """Return the leg of a moment and the seconds since it began."""
        rest_s = (at_s - origin_s) % self.period_s
        for leg in self.legs[:-1]:
            if rest_s < leg.duration_s:
                return leg, rest_s
            rest_s -= leg.duration_s
        return self.legs[-1], min(rest_s, self.legs[-1].duration_s)

    def miles_at(self, origin_s: float, at_s: float) -> float:
        """Return the miles driven since the origin, negative before it."""
        rounds, rest_s = divmod(at_s - origin_s, self.period_s)
        driven = rounds * self.miles
        for leg in self.legs:
            part_s = min(rest_s, leg.duration_s)
            driven += leg.miles * leg.progress(part_s)
            rest_s -= part_s
        return driven
