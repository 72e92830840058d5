"""Sum up a site's day: energy by the 21 names, and what each Wall Connector gave.

All pure: documents of Tesla's in, sums in watt-hours out.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tokens.readings import Document

NAMES = (
    "solar_energy_exported",
    "generator_energy_exported",
    "grid_energy_imported",
    "grid_services_energy_imported",
    "grid_services_energy_exported",
    "grid_energy_exported_from_solar",
    "grid_energy_exported_from_generator",
    "grid_energy_exported_from_battery",
    "battery_energy_exported",
    "battery_energy_imported_from_grid",
    "battery_energy_imported_from_solar",
    "battery_energy_imported_from_generator",
    "consumer_energy_imported_from_grid",
    "consumer_energy_imported_from_solar",
    "consumer_energy_imported_from_battery",
    "consumer_energy_imported_from_generator",
    "total_home_usage",
    "total_battery_charge",
    "total_battery_discharge",
    "total_solar_generation",
    "total_grid_energy_exported",
)
"""The quantities of a day, in the order in which stream clients know them."""

_BUCKET = timedelta(minutes=5)


def of_day(history: object) -> dict[str, float | None]:
    """Return each quantity summed over a day's history, in Wh.

    0 for what did not occur; all None for a day without any entry.
    """
    entries = Document(history).parts("time_series")
    if not entries:
        return dict.fromkeys(NAMES)
    return {
        name: _plain(sum(entry.number(name) or 0.0 for entry in entries))
        for name in NAMES
    }


def newest_end(history: object) -> datetime | None:
    """Return the end of a day's newest bucket, None where there is none."""
    entries = Document(history).parts("time_series")
    moments = [entry.moment("timestamp") for entry in entries]
    newest = max((moment for moment in moments if moment), default=None)
    return newest + _BUCKET if newest else None


def day_bounds(day: date, zone: ZoneInfo) -> dict[str, str]:
    """Return the query for a day of the site: its first and last second."""
    begins = datetime(day.year, day.month, day.day, tzinfo=zone)
    ends = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=zone)
    return {
        "start_date": begins.isoformat(),
        "end_date": ends.isoformat(),
        "time_zone": zone.key,
    }


def zone_of(site_info: object) -> ZoneInfo:
    """Return the zone in which the site counts days, UTC where it is not known."""
    name = Document(site_info).text("installation_time_zone")
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, OSError, ValueError):
        return ZoneInfo("UTC")


def charging(live_status: object) -> dict[str, float]:
    """Return the watts of each Wall Connector that charges a car, by its DIN."""
    found = {}
    for connector in Document(live_status).parts("wall_connectors"):
        watts = connector.number("wall_connector_power") or 0.0
        if watts > 0 and (din := connector.text("din")):
            found[din] = watts
    return found


def of_sessions(
    history: object, day: date, zone: ZoneInfo, dins: list[str]
) -> dict[str, float]:
    """Return the Wh of the sessions that began on a day, by Wall Connector.

    A session that does not name its connector counts where the site has but one.
    """
    found: dict[str, float] = {}
    for session in Document(history).parts("charge_history"):
        began = session.part("charge_start_time").moment_of_s("seconds")
        only = dins[0] if len(dins) == 1 else ""
        din = session.text("din") or only
        given = session.number("energy_added_wh")
        if began is None or given is None or not din:
            continue
        if began.astimezone(zone).date() == day:
            found[din] = found.get(din, 0.0) + given
    return found


def highest(*sums: Mapping[str, float]) -> dict[str, float]:
    """Return for each Wall Connector the largest of its sums; each misses some."""
    found: dict[str, float] = {}
    for one in sums:
        for din, given in one.items():
            found[din] = max(found.get(din, 0.0), given)
    return {din: _plain(given) for din, given in sorted(found.items())}


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """Return which day a moment belongs to at the site."""
    return at.astimezone(UTC).astimezone(zone).date()


def _plain(number: float) -> float:
    """Return a number without needless decimals."""
    rounded = round(number, 3)
    return int(rounded) if rounded.is_integer() else rounded
