"""Tell where a car is and how it moves."""

import math
from dataclasses import dataclass

from simulator.world.cars.routine import Leg
from simulator.world.cars.spec import CarSpec

_MPH_TO_M_S = 0.44704
_STANDBY_KW = 0.3


@dataclass(frozen=True, slots=True)
class Motion:
    """Hold position and movement; a standing car has no speed and no route."""

    latitude: float
    longitude: float
    heading: int
    speed_mph: int | None = None
    power_kw: int = 0
    destination: str = ""
    destination_latitude: float = 0.0
    destination_longitude: float = 0.0
    miles_left: float = 0.0
    minutes_left: float = 0.0
    minutes_late: float = 0.0

    @property
    def is_driving(self) -> bool:
        """Tell whether the car is on the road."""
        return self.speed_mph is not None


def motion(spec: CarSpec, leg: Leg, elapsed_s: float) -> Motion:
    """Return the movement that many seconds into a leg."""
    start = leg.start
    if start is None:
        heading = round(abs(leg.place.latitude * 1e4)) % 360
        return Motion(leg.place.latitude, leg.place.longitude, heading)
    share = leg.progress(elapsed_s)
    north = leg.place.latitude - start.latitude
    east = leg.place.longitude - start.longitude
    bend = 0.08 * math.sin(3.0 * math.pi * share)
    narrow = math.cos(math.radians(start.latitude))
    return Motion(
        latitude=round(start.latitude + north * share - east * narrow * bend, 6),
        longitude=round(start.longitude + east * share + north / narrow * bend, 6),
        heading=_heading(north, east * narrow, share),
        speed_mph=round(leg.speed_mph(elapsed_s)),
        power_kw=round(_power_kw(spec, leg, elapsed_s)),
        destination=leg.place.name,
        destination_latitude=leg.place.latitude,
        destination_longitude=leg.place.longitude,
        miles_left=round(leg.miles * (1.0 - share), 6),
        minutes_left=round((leg.duration_s - elapsed_s) / 60.0, 6),
        minutes_late=round(2.0 * (1.0 - share), 2),
    )


def _heading(north: float, east: float, share: float) -> int:
    turn = 0.08 * 3.0 * math.pi * math.cos(3.0 * math.pi * share)
    return (
        round(math.degrees(math.atan2(east + north * turn, north - east * turn))) % 360
    )


def _power_kw(spec: CarSpec, leg: Leg, elapsed_s: float) -> float:
    speed_mph = leg.speed_mph(elapsed_s)
    rolling_kw = speed_mph * spec.model.kwh_per_mile
    speed_m_s = speed_mph * _MPH_TO_M_S
    push_m_s2 = leg.acceleration_mph_s(elapsed_s) * _MPH_TO_M_S
    return (
        rolling_kw + spec.model.mass_kg * speed_m_s * push_m_s2 / 1000.0 + _STANDBY_KW
    )
