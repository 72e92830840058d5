"""Tell what sun and house do at a site, as pure functions of time."""

import math

from simulator.world.draws import draw_between, drift
from simulator.world.sites.spec import SiteSpec
from simulator.world.weather import sun_height, sunshine

_LOSSES = 0.86
_KETTLE_W = 1_900.0
_HABITS = ((7.2, 1.1, 1.4), (12.6, 1.3, 0.6), (19.0, 1.9, 2.3))
"""Hour, width in hours and height of a day's busy times, in units of the base load."""


def solar_w(spec: SiteSpec, at_s: float) -> float:
    """Return what the panels could give: nothing at night, most on summer noons."""
    height = sun_height(spec.latitude, spec.longitude, at_s)
    if not spec.solar_w or height <= 0.0:
        return 0.0
    light: float = height**1.15
    return spec.solar_w * _LOSSES * light * sunshine(spec.name, at_s)


def house_w(spec: SiteSpec, at_s: float, hour: float) -> float:
    """Return what the house draws; `hour` is the local hour of the day, 0 to 24."""
    if not spec.house_w:
        return 0.0
    habit = 1.0
    for middle, width, height in _HABITS:
        habit += height * math.exp(-(((hour - middle) / width) ** 2))
    day = int(at_s // 86_400.0)
    mood = draw_between(0.85, 1.2, spec.name, "mood", day)
    fridge = 1.0 + 0.25 * drift(1_500.0, at_s, spec.name, "fridge")
    kettle = drift(700.0, at_s, spec.name, "kettle")
    spike_w = _KETTLE_W * (kettle - 0.8) / 0.2 if kettle > 0.8 and habit > 1.5 else 0.0
    return spec.house_w * habit * mood * fridge + spike_w
