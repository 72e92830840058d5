"""Work out a site's days in buckets of five minutes, or coarser.

The battery's charge has a past without beginning, so each block of eight days starts
half full three days early: by then the battery has met its ends and forgotten. The
result of a day is the same in whatever order days are asked for.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.world.sites.flow import Flow, charge_after, flow
from simulator.world.sites.needs import day_needs
from simulator.world.sites.rules import Timeline
from simulator.world.sites.sessions import Session
from simulator.world.sites.spec import SiteSpec

DAY_S = 86_400
BUCKET_S = 300
_BLOCK_DAYS = 8
_EARLY_DAYS = 3
_KEPT_DAYS = 64
_KEPT_COARSE_DAYS = 2_000


class Shares(NamedTuple):
    """Hold where the energy of a span came from and went, in whole Wh."""

    solar_to_home: int = 0
    battery_to_home: int = 0
    grid_to_home: int = 0
    solar_to_battery: int = 0
    grid_to_battery: int = 0
    solar_to_grid: int = 0
    battery_to_grid: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """Hold a UTC day: shares per bucket, and the charge before each and at the end."""

    shares: list[Shares]
    charges_wh: list[float]


@dataclass(slots=True)
class Days:
    """Keep worked-out days; forget them when the rules change."""

    spec: SiteSpec
    timeline: Timeline
    sessions_of: Callable[[float, float], list[Session]]
    bucket_s: int = BUCKET_S
    _days: OrderedDict[int, Day] = field(default_factory=OrderedDict)
    _ends_wh: dict[int, float] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop what was worked out, since rules or cars changed."""
        self._days.clear()
        self._ends_wh.clear()

    def day(self, number: int) -> Day:
        """Return the UTC day of that number since 1970."""
        if number in self._days:
            self._days.move_to_end(number)
            return self._days[number]
        made = self._work_out(number, self._begins_wh(number))
        self._days[number] = made
        self._ends_wh[number] = made.charges_wh[-1]
        kept = _KEPT_DAYS if self.bucket_s == BUCKET_S else _KEPT_COARSE_DAYS
        if len(self._days) > kept:
            self._days.popitem(last=False)
        return made

    def charge_wh(self, at_s: float) -> float:
        """Return the battery's energy at a moment."""
        number, rest_s = divmod(at_s, DAY_S)
        bucket, part_s = divmod(rest_s, self.bucket_s)
        charges = self.day(int(number)).charges_wh
        before, after = charges[int(bucket)], charges[int(bucket) + 1]
        return before + (after - before) * part_s / self.bucket_s

    def shares(self, from_s: float, to_s: float) -> Shares:
        """Return the sum over the buckets that begin within a span."""
        buckets = DAY_S // self.bucket_s
        first = -int(-from_s // self.bucket_s)
        last = -int(-to_s // self.bucket_s)
        totals = [0] * len(Shares._fields)
        while first < last:
            number, bucket = divmod(first, buckets)
            stop = min(buckets, bucket + last - first)
            for entry in self.day(number).shares[bucket:stop]:
                totals = [
                    total + part for total, part in zip(totals, entry, strict=True)
                ]
            first += stop - bucket
        return Shares(*totals)

    def _begins_wh(self, number: int) -> float:
        start = number // _BLOCK_DAYS * _BLOCK_DAYS
        if number > start:
            known_wh = self._ends_wh.get(number - 1)
            return self.day(number - 1).charges_wh[-1] if known_wh is None else known_wh
        charge_wh = self.spec.energy_wh / 2.0
        for early in range(start - _EARLY_DAYS, start):
            charge_wh = self._work_out(early, charge_wh).charges_wh[-1]
        return charge_wh

    def _work_out(self, number: int, charge_wh: float) -> Day:
        begin_s, hours = number * DAY_S, self.bucket_s / 3600.0
        made = Day([], [charge_wh])
        charging = self.sessions_of(begin_s, begin_s + DAY_S)
        needs = day_needs(self.spec, charging, begin_s, self.bucket_s)
        for bucket, need in enumerate(needs):
            rules = self.timeline.at(begin_s + bucket * self.bucket_s)
            flows = flow(self.spec, rules, need, charge_wh, hours)
            charge_wh = charge_after(charge_wh, flows.battery_w, hours)
            made.shares.append(split(flows, hours))
            made.charges_wh.append(charge_wh)
        return made


def split(flows: Flow, hours: float) -> Shares:
    """Return where a flow's energy goes: solar first to the home, then the battery."""
    load, solar = flows.load_w * hours, flows.solar_w * hours
    given, taken = max(0.0, flows.battery_w) * hours, max(0.0, -flows.battery_w) * hours
    solar_home = min(solar, load)
    solar_battery = min(solar - solar_home, taken)
    battery_home = min(given, load - solar_home)
    return Shares(
        solar_to_home=round(solar_home),
        battery_to_home=round(battery_home),
        grid_to_home=round(load - solar_home - battery_home),
        solar_to_battery=round(solar_battery),
        grid_to_battery=round(taken - solar_battery),
        solar_to_grid=round(solar - solar_home - solar_battery),
        battery_to_grid=round(given - battery_home),
    )
