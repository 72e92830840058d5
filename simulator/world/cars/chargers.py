"""List the chargers near a car."""

import math
from typing import Any

from simulator.world.cars.moment import Moment
from simulator.world.draws import draw, draw_between, draw_int

_MILES_PER_DEGREE = 69.0
_STREETS = ("Mill Road", "Station Square", "Orchard Way", "Canal Street", "Old Market")


def nearby(moment: Moment, count: int, radius_miles: int) -> dict[str, Any]:
    """Return up to `count` of each kind within a radius in miles, nearest first."""
    return {
        "congestion_sync_time_utc_secs": int(moment.at_s) - 90,
        "destination_charging": _near(moment, "destination", count, radius_miles),
        "superchargers": _near(moment, "supercharger", count, radius_miles),
        "timestamp": moment.timestamp_ms,
    }


def _near(moment: Moment, kind: str, count: int, radius: int) -> list[dict[str, Any]]:
    found = [_charger(moment, kind, number) for number in range(6)]
    found.sort(key=lambda charger: float(charger["distance_miles"]))
    return [one for one in found if one["distance_miles"] <= radius][:count]


def _charger(moment: Moment, kind: str, number: int) -> dict[str, Any]:
    home, here = moment.spec.home, moment.motion
    name = (home.name, kind, number)
    north = draw_between(-0.4, 0.4, *name, "north")
    east = draw_between(-0.5, 0.5, *name, "east")
    latitude, longitude = home.latitude + north, home.longitude + east
    narrow = math.cos(math.radians(latitude))
    miles = _MILES_PER_DEGREE * math.hypot(
        latitude - here.latitude, (longitude - here.longitude) * narrow
    )
    charger = {
        "location": {"lat": round(latitude, 6), "long": round(longitude, 6)},
        "name": f"{home.name}, {_STREETS[draw_int(0, 4, *name)]} {number + 1}",
        "type": kind,
        "distance_miles": round(miles, 6),
        "amenities": "restrooms,wifi" if draw(*name, "amenities") < 0.5 else "",
    }
    if kind == "supercharger":
        total = 4 * draw_int(2, 6, *name, "stalls")
        hour = int(moment.at_s // 3600)
        charger["available_stalls"] = draw_int(0, total, *name, "free", hour)
        charger["total_stalls"] = total
        charger["site_closed"] = False
        charger["billing_info"] = ""
    return charger
