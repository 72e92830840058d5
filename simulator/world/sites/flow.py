"""Decide where the power of a site goes."""

from dataclasses import dataclass
from typing import NamedTuple

from simulator.world.sites.rules import Rules
from simulator.world.sites.spec import SiteSpec

CHARGE_EFFICIENCY = 0.95
_GRID_TOP_UP_W = 1_700.0
_NIGHT_ENDS_HOUR = 6.0


class Flow(NamedTuple):
    """Hold powers in W: battery + discharging, grid + import; load is their sum."""

    solar_w: float
    load_w: float
    battery_w: float
    grid_w: float


@dataclass(frozen=True, slots=True)
class Need:
    """Hold what sun and house ask for, and whether the grid is there."""

    solar_w: float
    load_w: float
    hour: float
    has_grid: bool = True


def flow(
    spec: SiteSpec, rules: Rules, need: Need, charge_wh: float, hours: float
) -> Flow:
    """Return the powers over the next `hours`; they always add up."""
    battery_w = _battery_w(spec, rules, need, charge_wh, hours)
    solar_w, load_w = need.solar_w, need.load_w
    grid_w = load_w - solar_w - battery_w
    if not need.has_grid:
        if grid_w > 0:
            load_w = solar_w + battery_w
        else:
            solar_w += grid_w
        return Flow(solar_w, load_w, battery_w, 0.0)
    if grid_w < 0 and spec.packs and rules.export_rule == "never":
        return Flow(solar_w + grid_w, load_w, battery_w, 0.0)
    return Flow(solar_w, load_w, battery_w, grid_w)


def charge_after(charge_wh: float, battery_w: float, hours: float) -> float:
    """Return the battery's energy after that power for that long."""
    share = CHARGE_EFFICIENCY if battery_w < 0 else 1.0
    return charge_wh - battery_w * share * hours


def _battery_w(
    spec: SiteSpec, rules: Rules, need: Need, charge_wh: float, hours: float
) -> float:
    if not spec.packs:
        return 0.0
    room_wh = max(0.0, spec.energy_wh - charge_wh) / CHARGE_EFFICIENCY
    most_in_w = min(spec.power_w, room_wh / hours)
    surplus_w = need.solar_w - need.load_w
    if not need.has_grid:
        most_out_w = min(spec.power_w, max(0.0, charge_wh) / hours)
        return min(max(-surplus_w, -most_in_w), most_out_w)
    if rules.mode == "backup" and not rules.disallow_charge_from_grid:
        return -most_in_w
    if surplus_w >= 0:
        return -min(surplus_w, most_in_w)
    return _discharge_w(spec, rules, need, charge_wh, hours)


def _discharge_w(
    spec: SiteSpec, rules: Rules, need: Need, charge_wh: float, hours: float
) -> float:
    reserve_wh = spec.energy_wh * rules.backup_reserve_percent / 100.0
    spare_wh = charge_wh - reserve_wh
    if spare_wh < 0:
        if rules.disallow_charge_from_grid:
            return 0.0
        return -min(_GRID_TOP_UP_W, -spare_wh / hours)
    is_night = rules.mode == "autonomous" and need.hour < _NIGHT_ENDS_HOUR
    if is_night or rules.mode == "backup":
        return 0.0
    return min(need.load_w - need.solar_w, spec.power_w, spare_wh / hours)
