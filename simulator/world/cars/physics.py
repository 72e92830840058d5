"""Carry a car's battery and cabin from one moment to a later one.

Each stretch of the routine is worked out in closed form, so a result does not depend
on how often somebody asked in between.
"""

import math
from dataclasses import replace

from simulator.world.cars.battery import Curve
from simulator.world.cars.routine import Leg, Plug, Stretch
from simulator.world.cars.spec import CarSpec
from simulator.world.cars.state import Anchor, CarState
from simulator.world.weather import outside_c, sun_height

PLUG_IN_S = 8.0
"""Cable and car agree for this long before current flows ("Starting")."""

_AC_EFFICIENCY = 0.92
_AC_KNEE = 0.95
_DC_KNEE = 0.30
_IDLE_KW = 0.02
_CLIMATE_KW = 1.5
_FEW_MINUTES_S = 240.0
_HALF_AN_HOUR_S = 2_000.0


def curve(spec: CarSpec, plug: Plug, amps: int) -> Curve:
    """Return how the car charges at that plug with that current asked for."""
    pack_kwh = spec.model.pack_kwh
    if plug.is_fast:
        return Curve(pack_kwh, plug.fast_kw, _DC_KNEE)
    wall_kw = plug.voltage * plug.phases * min(amps, plug.max_amps) / 1000.0
    return Curve(pack_kwh, max(wall_kw * _AC_EFFICIENCY, 0.05), _AC_KNEE)


def wall_kw(plug: Plug, pack_kw: float) -> float:
    """Return what the charger gives for that power into the pack."""
    return pack_kw if plug.is_fast else pack_kw / _AC_EFFICIENCY


def limit_kwh(spec: CarSpec, state: CarState) -> float:
    """Return the charge at which charging ends."""
    return spec.model.pack_kwh * state.charging.limit_percent / 100.0


def resting_c(spec: CarSpec, leg: Leg, at_s: float) -> float:
    """Return the temperature that an idle cabin settles at: air plus greenhouse."""
    place = leg.place
    air_c = outside_c(place.name, place.latitude, place.longitude, at_s)
    return air_c + 11.0 * max(0.0, sun_height(place.latitude, place.longitude, at_s))


def carry(spec: CarSpec, state: CarState, origin_s: float, to_s: float) -> Anchor:
    """Return the physics at `to_s`, or the anchor itself for an earlier moment."""
    anchor = replace(state.anchor)
    for stretch in spec.routine.stretches(origin_s, anchor.at_s, to_s):
        if stretch.leg.plug and stretch.from_s == stretch.began_s:
            anchor.added_kwh = 0.0
        _carry_battery(spec, state, stretch, anchor)
        _carry_cabin(spec, state, stretch, anchor)
    anchor.at_s = max(anchor.at_s, to_s)
    return anchor


def _carry_battery(
    spec: CarSpec, state: CarState, stretch: Stretch, anchor: Anchor
) -> None:
    leg, before_kwh = stretch.leg, anchor.energy_kwh
    if leg.is_drive:
        share = leg.progress(stretch.to_s - stretch.began_s)
        share -= leg.progress(stretch.from_s - stretch.began_s)
        anchor.energy_kwh -= share * leg.miles * spec.model.kwh_per_mile
    elif leg.plug:
        if not state.charging.is_enabled(stretch.began_s):
            return
        from_s = max(stretch.from_s, stretch.began_s + PLUG_IN_S)
        hours = max(0.0, stretch.to_s - from_s) / 3600.0
        how = curve(spec, leg.plug, state.charging.amps)
        anchor.energy_kwh = how.after(before_kwh, hours, limit_kwh(spec, state))
        anchor.added_kwh += anchor.energy_kwh - before_kwh
    else:
        drain_kw = _IDLE_KW + (_CLIMATE_KW if state.climate.is_on else 0.0)
        anchor.energy_kwh -= drain_kw * (stretch.to_s - stretch.from_s) / 3600.0
    anchor.energy_kwh = max(anchor.energy_kwh, 0.01 * spec.model.pack_kwh)


def _carry_cabin(
    spec: CarSpec, state: CarState, stretch: Stretch, anchor: Anchor
) -> None:
    passed_s = stretch.to_s - stretch.from_s
    if stretch.leg.is_drive or state.climate.is_on:
        wanted_c = state.climate.driver_c
        gap_c = anchor.inside_c - wanted_c
        anchor.inside_c = wanted_c + gap_c * math.exp(-passed_s / _FEW_MINUTES_S)
        return
    gap_c = anchor.inside_c - resting_c(spec, stretch.leg, stretch.from_s)
    fade = math.exp(-passed_s / _HALF_AN_HOUR_S)
    anchor.inside_c = resting_c(spec, stretch.leg, stretch.to_s) + gap_c * fade
