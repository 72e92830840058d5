"""Work out charging in closed form.

A charger gives its full power up to a knee and less and less from there on, so that
power falls in a straight line over the charge level. Energies are kWh, powers kW.
"""

import math
from dataclasses import dataclass

_BRIM = 1.02
"""The line would reach zero power a little above full, so that full is reached."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Hold the pack's size, the power it takes at first and where it weakens."""

    pack_kwh: float
    full_kw: float
    knee: float

    def power_kw(self, energy_kwh: float) -> float:
        """Return what flows into the pack at that charge."""
        level = energy_kwh / self.pack_kwh
        if level <= self.knee:
            return self.full_kw
        return self.full_kw * (_BRIM - level) / (_BRIM - self.knee)

    def after(self, energy_kwh: float, hours: float, limit_kwh: float) -> float:
        """Return the charge some hours later, never past the limit by charging."""
        if energy_kwh >= limit_kwh:
            return energy_kwh
        knee_kwh = self.knee * self.pack_kwh
        if energy_kwh < knee_kwh:
            straight = min(hours, (knee_kwh - energy_kwh) / self.full_kw)
            energy_kwh += straight * self.full_kw
            hours -= straight
        if hours > 0:
            brim_kwh = _BRIM * self.pack_kwh
            fade = math.exp(-self._rate * hours)
            energy_kwh = brim_kwh + (energy_kwh - brim_kwh) * fade
        return min(energy_kwh, limit_kwh)

    def hours_to(self, energy_kwh: float, limit_kwh: float) -> float:
        """Return how long it takes to reach the limit, 0 when it is reached."""
        if energy_kwh >= limit_kwh:
            return 0.0
        knee_kwh = self.knee * self.pack_kwh
        hours = max(0.0, min(knee_kwh, limit_kwh) - energy_kwh) / self.full_kw
        start_kwh = max(energy_kwh, knee_kwh)
        if limit_kwh > start_kwh:
            brim_kwh = _BRIM * self.pack_kwh
            gap = (brim_kwh - start_kwh) / (brim_kwh - limit_kwh)
            hours += math.log(gap) / self._rate
        return hours

    @property
    def _rate(self) -> float:
        return self.full_kw / ((_BRIM - self.knee) * self.pack_kwh)
