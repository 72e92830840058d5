"""List the charging sessions at a site's Wall Connectors.

They follow from the routines of the cars that live there, in the past as in the future;
what people later ask of a car shows in `live_status` only.
"""

from dataclasses import dataclass

from simulator.world.cars.car import Car
from simulator.world.cars.physics import PLUG_IN_S, curve, wall_kw
from simulator.world.cars.routine import Plug, Stretch


@dataclass(frozen=True, slots=True)
class Session:
    """Hold one charge: seconds since 1970, wall power in W."""

    vin: str
    connector: int
    from_s: float
    to_s: float
    power_w: float

    @property
    def energy_wh(self) -> float:
        """Return what the session took from the wall."""
        return self.power_w * (self.to_s - self.from_s) / 3600.0

    def mean_w(self, from_s: float, to_s: float) -> float:
        """Return the mean power over a span."""
        shared_s = min(self.to_s, to_s) - max(self.from_s, from_s)
        return self.power_w * max(0.0, shared_s) / (to_s - from_s)


def sessions(site: str, cars: list[Car], from_s: float, to_s: float) -> list[Session]:
    """Return the sessions that begin or last within a span, oldest first."""
    found = []
    for car in cars:
        day_s = car.spec.routine.period_s
        stretches = car.spec.routine.stretches(car.origin_s, from_s - day_s, to_s)
        for stretch in stretches:
            plug = stretch.leg.plug
            if plug and plug.site == site:
                session = _session(car, stretch, plug)
                if session.from_s < to_s and session.to_s > from_s:
                    found.append(session)
    return sorted(set(found), key=lambda session: session.from_s)


def _session(car: Car, stretch: Stretch, plug: Plug) -> Session:
    spec = car.spec
    full_kw = curve(spec, plug, plug.max_amps).full_kw
    if stretch.began_s == car.origin_s:
        missing = spec.limit_percent / 100.0 - spec.level
        energy_kwh = missing * spec.model.pack_kwh + full_kw * spec.lead_s / 3600.0
    else:
        energy_kwh = spec.routine.miles * spec.model.kwh_per_mile
    hours = max(0.0, energy_kwh) / full_kw
    starts_s = stretch.began_s + PLUG_IN_S
    power_w = wall_kw(plug, full_kw) * 1000.0
    return Session(
        car.vin, plug.connector, starts_s, starts_s + round(hours * 3600.0), power_w
    )
