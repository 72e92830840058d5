"""List the endpoints of energy sites; Tesla bills none of them."""

from fleet.endpoints.model import Endpoint, Kind, Param, Subject
from fleet.endpoints.params import SITE_ID, asked, body, flag, number, text
from fleet.scopes import Scope

_SOURCE = "developer.tesla.com/docs/fleet-api/endpoints/energy"
_SITE = "/api/1/energy_sites/{site_id}"


def _get(name: str, *params: Param, note: str = "") -> Endpoint:
    return Endpoint(
        name,
        "GET",
        f"{_SITE}/{name}",
        Subject.ENERGY_SITE,
        (Scope.ENERGY_DEVICE_DATA,),
        params=(SITE_ID, *params),
        note=note,
        source=_SOURCE,
    )


def _post(name: str, *params: Param, path: str = "", note: str = "") -> Endpoint:
    return Endpoint(
        name,
        "POST",
        f"{_SITE}/{path or name}",
        Subject.ENERGY_SITE,
        (Scope.ENERGY_CMDS,),
        params=(SITE_ID, *params),
        note=note,
        source=_SOURCE,
    )


_START = asked("start_date", note="RFC 3339")
_END = asked("end_date", note="RFC 3339")
_ZONE = asked("time_zone", note="IANA name, such as Europe/Berlin")

ENDPOINTS = (
    _get("site_info"),
    _get("live_status", note="watts and watt-hours"),
    _get(
        "calendar_history",
        asked("kind", Kind.STRING, "energy", "backup", required=True),
        asked("period", Kind.STRING, "day", "week", "month", "year", "lifetime"),
        _START,
        _END,
        _ZONE,
        note="energy is in watt-hours; a day has buckets of five minutes",
    ),
    _get(
        "telemetry_history",
        asked("kind", Kind.STRING, "charge", required=True),
        _START,
        _END,
        _ZONE,
    ),
    _post("backup", number("backup_reserve_percent", 0, 100)),
    _post(
        "operation",
        text("default_real_mode", "autonomous", "self_consumption", "backup"),
    ),
    _post("storm_mode", flag("enabled")),
    _post(
        "off_grid_vehicle_charging_reserve",
        number("off_grid_vehicle_charging_reserve_percent", 0, 100),
    ),
    _post(
        "grid_import_export",
        flag("disallow_charge_from_grid_with_solar_installed", required=False),
        text(
            "customer_preferred_export_rule",
            "pv_only",
            "battery_ok",
            "never",
            required=False,
        ),
    ),
    _post("time_of_use_settings", body("tou_settings", Kind.OBJECT)),
    _post(
        "energy_command",
        text("command_type", "grpc_command"),
        body("command_properties", Kind.OBJECT),
        path="command",
        note="undocumented: passes a message on to the site's gateway",
    ),
)
