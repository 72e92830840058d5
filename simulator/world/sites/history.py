"""Build `calendar_history` and `telemetry_history`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulator.world.sites.days import BUCKET_S, Days, Shares
from simulator.world.sites.outages import outages
from simulator.world.sites.sessions import Session

PERIODS = ("day", "week", "month", "year", "lifetime")
_MOST_DAYS_IN_BUCKETS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Span:
    """Hold what a history covers; both ends aware, in the zone that counts days."""

    period: str
    zone: ZoneInfo
    start: datetime
    end: datetime


def find_zone(name: str) -> ZoneInfo:
    """Return the IANA zone; raises ValueError for any other name."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"unknown time zone {name!r}") from None


def make_span(
    period: str,
    zone: ZoneInfo,
    start: datetime | None,
    end: datetime | None,
    bounds: tuple[datetime, datetime],
) -> Span:
    """Return the span of a period, cut to `bounds`: installation and now.

    Without a start it is the running day, week, month or year; without an end it goes
    on to the period's own. Raises ValueError for an unknown period.
    """
    if period not in PERIODS:
        raise ValueError(f"period must be one of {', '.join(PERIODS)}")
    installed_at, now = (bound.astimezone(zone) for bound in bounds)
    # Compared before converting: year 1 or 9999 in another zone would overflow.
    begins_at = start if start is not None else _beginning(period, now, installed_at)
    begins_at = max(begins_at, installed_at).astimezone(zone)
    begins_at = min(begins_at, now)
    ends_at = _ending(period, begins_at, now) if end is None else end
    if period == "day":
        ends_at = min(ends_at, begins_at + _MOST_DAYS_IN_BUCKETS)
    return Span(period, zone, begins_at, min(ends_at, now).astimezone(zone))


def energy_history(days: Days, span: Span, serial: str) -> dict[str, Any]:
    """Return Wh per bucket: 5 minutes for a day, else days, months or years."""
    series = []
    for from_at, to_at in _buckets(span):
        shares = days.shares(from_at.timestamp(), to_at.timestamp())
        series.append(_entry(from_at, shares))
    return {
        "serial_number": serial,
        "period": span.period,
        "installation_time_zone": days.spec.time_zone,
        "time_series": series,
    }


def backup_history(days: Days, span: Span) -> dict[str, Any]:
    """Return the outages, newest first; durations in seconds."""
    found = outages(days.spec, span.start.timestamp(), span.end.timestamp())
    events = [
        {
            "timestamp": datetime.fromtimestamp(one.from_s, span.zone).isoformat(),
            "duration": int(one.to_s - one.from_s),
        }
        for one in reversed(found)
    ]
    return {"events": events, "total_events": len(events)}


def charge_history(sessions: list[Session], now_s: float) -> dict[str, Any]:
    """Return the sessions that are over, oldest first; energies Wh."""
    return {
        "charge_history": [
            {
                "charge_start_time": {"seconds": int(one.from_s)},
                "charge_duration": {"seconds": int(one.to_s - one.from_s)},
                "energy_added_wh": round(one.energy_wh),
            }
            for one in sessions
            if one.to_s <= now_s and one.energy_wh > 0
        ]
    }


def _beginning(period: str, now: datetime, installed_at: datetime) -> datetime:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        return midnight - timedelta(days=6)
    if period == "month":
        return midnight.replace(day=1)
    if period == "year":
        return midnight.replace(month=1, day=1)
    return midnight if period == "day" else installed_at


def _ending(period: str, begins_at: datetime, now: datetime) -> datetime:
    days = {"day": 1, "week": 7, "month": 31, "year": 366}.get(period)
    return now if days is None else begins_at + timedelta(days=days)


def _buckets(span: Span) -> Iterator[tuple[datetime, datetime]]:
    if span.period == "day":
        yield from _short_buckets(span)
        return
    from_at = span.start
    while from_at < span.end:
        to_at = min(_next(span.period, from_at), span.end)
        yield from_at, to_at
        from_at = to_at


def _short_buckets(span: Span) -> Iterator[tuple[datetime, datetime]]:
    at_s = int(-(-span.start.timestamp() // BUCKET_S)) * BUCKET_S
    while at_s < span.end.timestamp():
        from_at = datetime.fromtimestamp(at_s, span.zone)
        at_s += BUCKET_S
        yield from_at, datetime.fromtimestamp(at_s, span.zone)


def _next(period: str, from_at: datetime) -> datetime:
    midnight = from_at.replace(hour=0, minute=0, second=0, microsecond=0)
    if period in {"week", "month"}:
        return midnight + timedelta(days=1)
    if period == "year":
        return (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
    return midnight.replace(year=midnight.year + 1, month=1, day=1)


def _entry(from_at: datetime, shares: Shares) -> dict[str, Any]:
    solar = shares.solar_to_home + shares.solar_to_battery + shares.solar_to_grid
    discharge = shares.battery_to_home + shares.battery_to_grid
    home = shares.solar_to_home + shares.battery_to_home + shares.grid_to_home
    return {
        "timestamp": from_at.isoformat(),
        "raw_timestamp": from_at.isoformat(),
        "solar_energy_exported": solar,
        "generator_energy_exported": 0,
        "grid_energy_imported": shares.grid_to_home + shares.grid_to_battery,
        "grid_services_energy_imported": 0,
        "grid_services_energy_exported": 0,
        "grid_energy_exported_from_solar": shares.solar_to_grid,
        "grid_energy_exported_from_generator": 0,
        "grid_energy_exported_from_battery": shares.battery_to_grid,
        "battery_energy_exported": discharge,
        "battery_energy_imported_from_grid": shares.grid_to_battery,
        "battery_energy_imported_from_solar": shares.solar_to_battery,
        "battery_energy_imported_from_generator": 0,
        "consumer_energy_imported_from_grid": shares.grid_to_home,
        "consumer_energy_imported_from_solar": shares.solar_to_home,
        "consumer_energy_imported_from_battery": shares.battery_to_home,
        "consumer_energy_imported_from_generator": 0,
        "total_home_usage": home,
        "total_battery_charge": shares.solar_to_battery + shares.grid_to_battery,
        "total_battery_discharge": discharge,
        "total_solar_generation": solar,
        "total_grid_energy_exported": shares.solar_to_grid + shares.battery_to_grid,
    }


def default_bounds(installation_date: str, now: datetime) -> tuple[datetime, datetime]:
    """Return installation and now, in order even before the installation."""
    installed_at = datetime.fromisoformat(installation_date)
    return min(installed_at, now), now.astimezone(UTC)
