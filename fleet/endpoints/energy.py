"""List the endpoints of energy sites; Tesla bills none of them."""

from dataclasses import replace

from fleet.endpoints.model import Endpoint, Kind, Param, Subject
from fleet.endpoints.params import SITE_ID, asked, body, flag, percent, text, whole
from fleet.scopes import Scope

_SOURCE = "developer.tesla.com/docs/fleet-api/endpoints/energy"
_SITE = "/api/1/energy_sites/{site_id}"


def _get(
    name: str, summary: str, *params: Param, path: str = "", note: str = ""
) -> Endpoint:
    return Endpoint(
        name,
        "GET",
        f"{_SITE}/{path or name}",
        Subject.ENERGY_SITE,
        (Scope.ENERGY_DEVICE_DATA,),
        params=(SITE_ID, *params),
        summary=summary,
        note=note,
        source=_SOURCE,
    )


def _post(
    name: str, summary: str, *params: Param, path: str = "", note: str = ""
) -> Endpoint:
    return Endpoint(
        name,
        "POST",
        f"{_SITE}/{path or name}",
        Subject.ENERGY_SITE,
        (Scope.ENERGY_CMDS,),
        params=(SITE_ID, *params),
        summary=summary,
        note=note,
        source=_SOURCE,
    )


_START = asked("start_date", note="RFC 3339")
_END = asked("end_date", note="RFC 3339")
_ZONE = asked(
    "time_zone",
    pattern=r"[A-Za-z0-9_+/-]{1,64}",
    note="IANA name, such as Europe/Berlin",
)
_PUBLIC_KEY = text("public_key", pattern=r"[A-Za-z0-9+/=]+", note="base64 of its DER")

_READS = (
    _get("site_info", "Read what the site consists of and how it is set."),
    _get("live_status", "Read the site's present flows.", note="watts and watt-hours"),
    _get(
        "calendar_history",
        "Read the energy of a time, or its outages.",
        asked("kind", Kind.STRING, "energy", "backup", required=True),
        asked("period", Kind.STRING, "day", "week", "month", "year", "lifetime"),
        _START,
        _END,
        _ZONE,
        note="energy is in watt-hours; a day has buckets of five minutes",
    ),
    _get(
        "telemetry_history",
        "Read what the site's Wall Connectors charged.",
        asked("kind", Kind.STRING, "charge", required=True),
        _START,
        _END,
        _ZONE,
    ),
)

_SETTINGS = (
    _post(
        "backup",
        "Set how much of the battery is kept for an outage.",
        percent("backup_reserve_percent"),
    ),
    _post(
        "operation",
        "Set by which rule the battery works.",
        text("default_real_mode", "autonomous", "self_consumption", "backup"),
    ),
    _post("storm_mode", "Turn Storm Watch on or off.", flag("enabled")),
    _post(
        "off_grid_vehicle_charging_reserve",
        "Set down to which charge the site feeds cars while it is off grid.",
        percent("off_grid_vehicle_charging_reserve_percent"),
    ),
    replace(
        _post(
            "grid_import_export",
            "Set what the battery may take from the grid and give to it.",
            flag("disallow_charge_from_grid_with_solar_installed", required=False),
            text(
                "customer_preferred_export_rule",
                "pv_only",
                "battery_ok",
                "never",
                required=False,
            ),
        ),
        one_of=(
            "disallow_charge_from_grid_with_solar_installed",
            "customer_preferred_export_rule",
        ),
    ),
    _post(
        "time_of_use_settings",
        "Tell the site its electricity tariff.",
        body("tou_settings", Kind.OBJECT),
    ),
)

_GATEWAY = (
    replace(
        _post(
            "energy_command",
            "Pass a message on to the site's gateway.",
            text("command_type", "grpc_command"),
            body("command_properties", Kind.OBJECT),
            path="command",
            note="not in Tesla's documents",
        ),
        repeatable=False,
    ),
    _get(
        "authorized_clients",
        "List the keys that the site's gateway knows.",
        path="command/authorized_clients",
    ),
    _get(
        "networking_status",
        "Tell how the site's gateway is connected.",
        path="command/networking_status",
    ),
    _post(
        "add_authorized_client",
        "Make a key known to the site's gateway.",
        _PUBLIC_KEY,
        text("description", required=False, longest=200),
        whole("key_type", minimum=0, required=False, note="1 is RSA"),
        whole("authorized_client_type", minimum=0, required=False),
        path="command/add_authorized_client",
        note="bring a key of your own; a switch at the site must confirm it",
    ),
    _post(
        "remove_authorized_client",
        "Have the site's gateway forget a key.",
        _PUBLIC_KEY,
        path="command/remove_authorized_client",
    ),
)

GATEWAY_HELPERS = frozenset(one.name for one in _GATEWAY[1:])
"""The endpoints that are one message to the gateway; Tesla has no address for them."""

ENDPOINTS = (*_READS, *_SETTINGS, *_GATEWAY)
