"""List what sun, house and cars ask of a site over a day."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from simulator.world.sites.flow import Need
from simulator.world.sites.outages import outages
from simulator.world.sites.power import house_w, solar_w
from simulator.world.sites.sessions import Session
from simulator.world.sites.spec import SiteSpec

_DAY_S = 86_400


def day_needs(
    spec: SiteSpec, charging: list[Session], begin_s: int, bucket_s: int
) -> Iterator[Need]:
    """Yield the need of each bucket of the UTC day that begins at `begin_s`."""
    away = outages(spec, begin_s, begin_s + _DAY_S)
    zone = ZoneInfo(spec.time_zone)
    for from_s in range(begin_s, begin_s + _DAY_S, bucket_s):
        middle_s = from_s + bucket_s / 2.0
        hour = local_hour(zone, middle_s)
        load_w = house_w(spec, middle_s, hour)
        for session in charging:
            load_w += session.mean_w(from_s, from_s + bucket_s)
        has_grid = not any(one.from_s <= middle_s < one.to_s for one in away)
        yield Need(solar_w(spec, middle_s), load_w, hour, has_grid)


def local_hour(zone: ZoneInfo, at_s: float) -> float:
    """Return the hour on the wall clock of a zone, 0 to 24."""
    local = datetime.fromtimestamp(at_s, UTC).astimezone(zone)
    return local.hour + (local.minute + local.second / 60.0) / 60.0
