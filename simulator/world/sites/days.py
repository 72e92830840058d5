"""Work out a site's days in buckets of five minutes.

The battery's charge has a past without beginning, so each block of eight days starts
half full three days early: by then the battery has met its ends and forgotten. The
result of a day is the same in whatever order days are asked for.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from simulator.world.sites.flow import Flow, Need, charge_after, flow
from simulator.world.sites.outages import outages
from simulator.world.sites.power import house_w, solar_w
from simulator.world.sites.rules import Timeline
from simulator.world.sites.sessions import Session
from simulator.world.sites.spec import SiteSpec

DAY_S = 86_400
BUCKET_S = 300
_BUCKETS = DAY_S // BUCKET_S
_HOURS = BUCKET_S / 3600.0
_BLOCK_DAYS = 8
_EARLY_DAYS = 3
_KEPT_DAYS = 64


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
        if len(self._days) > _KEPT_DAYS:
            self._days.popitem(last=False)
        return made

    def charge_wh(self, at_s: float) -> float:
        """Return the battery's energy at a moment."""
        number, rest_s = divmod(at_s, DAY_S)
        bucket, part_s = divmod(rest_s, BUCKET_S)
        charges = self.day(int(number)).charges_wh
        before, after = charges[int(bucket)], charges[int(bucket) + 1]
        return before + (after - before) * part_s / BUCKET_S

    def shares(self, from_s: float, to_s: float) -> Shares:
        """Return the sum over the buckets that begin within a span."""
        first = -int(-from_s // BUCKET_S)
        last = -int(-to_s // BUCKET_S)
        totals = [0] * len(Shares._fields)
        while first < last:
            number, bucket = divmod(first, _BUCKETS)
            stop = min(_BUCKETS, bucket + last - first)
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
        begin_s = number * DAY_S
        made = Day([], [charge_wh])
        zone = ZoneInfo(self.spec.time_zone)
        charging = self.sessions_of(begin_s, begin_s + DAY_S)
        away = outages(self.spec, begin_s, begin_s + DAY_S)
        hour_shift = 0.0
        for bucket in range(_BUCKETS):
            from_s = begin_s + bucket * BUCKET_S
            if bucket % 12 == 0:
                hour_shift = _shift_hours(zone, from_s)
            middle_s = from_s + BUCKET_S / 2.0
            hour = (middle_s % DAY_S / 3600.0 + hour_shift) % 24.0
            load_w = house_w(self.spec, middle_s, hour)
            for session in charging:
                load_w += session.mean_w(from_s, from_s + BUCKET_S)
            has_grid = not any(one.from_s <= middle_s < one.to_s for one in away)
            need = Need(solar_w(self.spec, middle_s), load_w, hour, has_grid)
            rules = self.timeline.at(from_s)
            flows = flow(self.spec, rules, need, charge_wh, _HOURS)
            charge_wh = charge_after(charge_wh, flows.battery_w, _HOURS)
            made.shares.append(split(flows, _HOURS))
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


def _shift_hours(zone: ZoneInfo, at_s: float) -> float:
    shift = datetime.fromtimestamp(at_s, UTC).astimezone(zone).utcoffset()
    return shift.total_seconds() / 3600.0 if shift else 0.0
