"""Answer for energy sites."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web

from simulator.answers import Refused, answer, refuse
from simulator.fleet_api.route import Visit

_Value = TypeVar("_Value")
_UPDATED = {"code": 201, "message": "Updated"}


async def site_info(visit: Visit) -> web.Response:
    """Return the site's settings and parts."""
    return answer(visit.energy_site.site_info())


async def live_status(visit: Visit) -> web.Response:
    """Return the site's power readings of now."""
    return answer(visit.energy_site.live_status())


async def calendar_history(visit: Visit) -> web.Response:
    """Return energy by buckets, or outages."""
    kind = visit.query("kind", "energy")
    period = visit.query("period", "day")
    return _history(
        lambda start, end, zone: visit.energy_site.calendar_history(
            kind, period, start, end, zone
        ),
        visit,
    )


async def telemetry_history(visit: Visit) -> web.Response:
    """Return charging sessions at the site's Wall Connectors."""
    kind = visit.query("kind", "charge")
    return _history(
        lambda start, end, zone: visit.energy_site.telemetry_history(
            kind, start, end, zone
        ),
        visit,
    )


def _history(
    read: Callable[[datetime | None, datetime | None, str | None], dict[str, Any]],
    visit: Visit,
) -> web.Response:
    start, end = _moment(visit, "start_date"), _moment(visit, "end_date")
    try:
        found = read(start, end, visit.query("time_zone") or None)
    except (ValueError, KeyError) as error:
        raise _bad_field(str(error)) from None
    return answer(found)


def _moment(visit: Visit, name: str) -> datetime | None:
    text = visit.query(name)
    if not text:
        return None
    try:
        # A plus sign that was not percent-encoded arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise _bad_field(f"{name} must be an RFC 3339 time") from None
    if moment.tzinfo is None:
        raise _bad_field(f"{name} must have a UTC offset")
    return moment


async def backup(visit: Visit) -> web.Response:
    """Set the backup reserve."""
    percent = _field(visit, "backup_reserve_percent", int)
    return _write(visit, lambda: visit.energy_site.set_backup_reserve(percent))


async def operation(visit: Visit) -> web.Response:
    """Set the operation mode."""
    mode = _field(visit, "default_real_mode", str)
    return _write(visit, lambda: visit.energy_site.set_operation(mode))


async def storm_mode(visit: Visit) -> web.Response:
    """Turn Storm Watch on or off."""
    enabled = _field(visit, "enabled", bool)
    return _write(visit, lambda: visit.energy_site.set_storm_mode(enabled=enabled))


async def off_grid_vehicle_charging_reserve(visit: Visit) -> web.Response:
    """Set the reserve kept from cars off grid."""
    percent = _field(visit, "off_grid_vehicle_charging_reserve_percent", int)
    return _write(
        visit, lambda: visit.energy_site.set_off_grid_vehicle_charging_reserve(percent)
    )


async def grid_import_export(visit: Visit) -> web.Response:
    """Set what may cross the meter."""
    charge, export = (
        "disallow_charge_from_grid_with_solar_installed",
        "customer_preferred_export_rule",
    )
    disallow = _field(visit, charge, bool) if charge in visit.body else None
    rule = _field(visit, export, str) if export in visit.body else None
    if disallow is None and rule is None:
        raise _bad_field("one of the two rules is required")
    return _write(
        visit,
        lambda: visit.energy_site.set_grid_import_export(
            disallow_charge_from_grid=disallow, export_rule=rule
        ),
    )


async def time_of_use_settings(visit: Visit) -> web.Response:
    """Store a tariff."""
    settings = _field(visit, "tou_settings", dict)
    return _write(visit, lambda: visit.energy_site.set_time_of_use(settings))


async def command(visit: Visit) -> web.Response:
    """Pass a message on to the site's gateway."""
    properties = _field(visit, "command_properties", dict)
    message = properties.get("message")
    kind = visit.body.get("command_type")
    if kind != "grpc_command" or not isinstance(message, dict):
        raise _bad_field("command_type or command_properties")
    reply = visit.energy_site.gateway.ask(message)
    if reply is None:
        raise refuse(540, "device unexpected response")
    visit.hub.store.changed = True
    return answer({"message": reply})


def _field(visit: Visit, name: str, wanted: type[_Value]) -> _Value:
    value = visit.body.get(name)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise _bad_field(f"{name} is missing or of the wrong type")
    return value


def _write(visit: Visit, change: Callable[[], None]) -> web.Response:
    try:
        change()
    except ValueError as error:
        raise _bad_field(str(error)) from None
    visit.hub.store.changed = True
    return answer(_UPDATED)


def _bad_field(words: str) -> Refused:
    return refuse(400, "invalid_field", words)
