"""Tell sun, clouds and temperature of a place as pure functions of time.

Times are seconds since 1970 (UTC), angles degrees, temperatures °C.
"""

import math
from functools import lru_cache

from simulator.world.draws import draw, drift

DAY_S = 86_400.0
_YEAR_DAYS = 365.2425
_MIDSUMMER_DAY = 172.0
_TILT = math.radians(23.44)


@lru_cache(maxsize=4096)
def _sun_of_day(latitude: float, day: int) -> tuple[float, float]:
    """Return the constant and the hourly part of the sun's height on a day."""
    season = 2.0 * math.pi * ((day % _YEAR_DAYS) - _MIDSUMMER_DAY) / _YEAR_DAYS
    declination = _TILT * math.cos(season)
    north = math.radians(latitude)
    return (
        math.sin(north) * math.sin(declination),
        math.cos(north) * math.cos(declination),
    )


def sun_height(latitude: float, longitude: float, at_s: float) -> float:
    """Return the sine of the sun's elevation: 1 overhead, 0 and below at night."""
    solar_s = at_s + longitude * 240.0
    day, second = divmod(solar_s, DAY_S)
    constant, hourly = _sun_of_day(latitude, int(day))
    return constant + hourly * math.cos(2.0 * math.pi * (second / DAY_S - 0.5))


def sunshine(name: object, at_s: float) -> float:
    """Return the share of clear-sky light that the clouds let through, 0.2 to 1."""
    day = int(at_s // DAY_S)
    clear = math.sqrt(draw(name, "clear", day))
    moving = 0.5 + 0.5 * drift(2_400.0, at_s, name, "clouds")
    return 0.2 + 0.8 * clear * (0.6 + 0.4 * moving)


def outside_c(name: object, latitude: float, longitude: float, at_s: float) -> float:
    """Return the air temperature: warmest in the afternoon and in summer."""
    day = at_s / DAY_S
    summer = math.cos(2.0 * math.pi * (day - _MIDSUMMER_DAY - 25.0) / _YEAR_DAYS)
    solar_share = ((at_s + longitude * 240.0) / DAY_S) % 1.0
    afternoon = math.cos(2.0 * math.pi * (solar_share - 15.0 / 24.0))
    swing = math.copysign(0.24 * abs(latitude), latitude)
    mean = 27.0 - 0.33 * abs(latitude)
    return (
        mean + swing * summer * 0.8 + 5.0 * afternoon + 3.0 * drift(DAY_S, at_s, name)
    )
