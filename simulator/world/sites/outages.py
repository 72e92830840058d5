"""Tell when the grid was away."""

from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.world.draws import draw, draw_between, draw_int
from simulator.world.sites.spec import SiteSpec

_MONTH_DAYS = 28


@dataclass(frozen=True, slots=True)
class Outage:
    """Hold one outage in seconds since 1970."""

    from_s: float
    to_s: float


def outages(spec: SiteSpec, from_s: float, to_s: float) -> list[Outage]:
    """Return the outages that touch a span, oldest first; none without a battery.

    Less than one month in three has one, of 3 to 90 minutes.
    """
    if not spec.packs or from_s >= to_s:
        return []
    first = datetime.fromtimestamp(from_s, UTC)
    last = datetime.fromtimestamp(to_s, UTC)
    found = []
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        year, month = number // 12, number % 12 + 1
        outage = _of_month(spec, year, month)
        if outage and outage.from_s < to_s and outage.to_s > from_s:
            found.append(outage)
    return found


def _of_month(spec: SiteSpec, year: int, month: int) -> Outage | None:
    name = (spec.name, "outage", year, month)
    if draw(*name) > 0.3:
        return None
    day = draw_int(1, _MONTH_DAYS, *name, "day")
    midnight = datetime(year, month, day, tzinfo=UTC).timestamp()
    from_s = midnight + 300.0 * draw_int(0, 250, *name, "bucket")
    return Outage(from_s, from_s + round(draw_between(180.0, 5_400.0, *name, "length")))
