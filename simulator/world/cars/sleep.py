"""Decide whether a car is awake or asleep."""

from simulator.world.cars import physics
from simulator.world.cars.routine import Stretch
from simulator.world.cars.spec import CarSpec
from simulator.world.cars.state import CarState


def state_at(
    spec: CarSpec, state: CarState, origin_s: float, patience_s: float, at_s: float
) -> str:
    """Return "online" or "asleep": asleep once nothing happened for `patience_s`.

    A wake-up that is still under way leaves the car asleep, unless its routine starts
    it first.
    """
    wake = state.wake
    busy_s = _last_busy_s(spec, state, origin_s, (at_s - patience_s, at_s))
    if busy_s is not None and at_s - busy_s < patience_s:
        return "online"
    if at_s < wake.online_s:
        return "asleep"
    is_fresh = at_s - max(wake.active_s, wake.online_s) < patience_s
    return "online" if is_fresh else "asleep"


def _last_busy_s(
    spec: CarSpec, state: CarState, origin_s: float, window: tuple[float, float]
) -> float | None:
    """Return when in the window the car last drove, charged or was in use."""
    from_s, to_s = window
    body = state.body
    if body.sentry_mode or body.user_present or state.climate.is_on:
        return to_s
    busy_s: float | None = None
    from_s = max(from_s, origin_s)
    for stretch in spec.routine.stretches(origin_s, from_s, to_s):
        if stretch.leg.is_drive:
            busy_s = stretch.to_s
        elif stretch.leg.plug and state.charging.is_enabled(stretch.began_s):
            until_s = _charges_until_s(spec, state, origin_s, stretch)
            busy_s = busy_s if until_s is None else until_s
    return busy_s


def _charges_until_s(
    spec: CarSpec, state: CarState, origin_s: float, stretch: Stretch
) -> float | None:
    plug = stretch.leg.plug
    limit_kwh = physics.limit_kwh(spec, state)
    anchor = physics.carry(spec, state, origin_s, stretch.from_s)
    if plug is None or anchor.energy_kwh >= limit_kwh - 1e-6:
        return None
    how = physics.curve(spec, plug, state.charging.amps)
    starts_s = max(stretch.from_s, stretch.began_s + physics.PLUG_IN_S)
    ends_s = starts_s + 3600.0 * how.hours_to(anchor.energy_kwh, limit_kwh)
    return min(stretch.to_s, ends_s)
