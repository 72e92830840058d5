"""List the endpoints about a person, their charging bills, and our application."""

from fleet.endpoints.model import Content, Endpoint, Kind, Param, Subject, Where
from fleet.endpoints.params import asked, body, text
from fleet.scopes import Scope

_DOCS = "developer.tesla.com/docs/fleet-api/endpoints"


def _user(name: str, *scopes: Scope, note: str = "") -> Endpoint:
    return Endpoint(
        f"users_{name}",
        "GET",
        f"/api/1/users/{name}",
        Subject.USER,
        scopes,
        note=note,
        source=f"{_DOCS}/user",
    )


USERS = (
    _user("me", Scope.USER_DATA),
    _user("region", note="answers in every region"),
    _user("orders", Scope.USER_DATA),
    _user("feature_config", Scope.USER_DATA),
    _user("backup_key", Scope.USER_DATA),
    Endpoint(
        "users_keys",
        "POST",
        "/api/1/users/keys",
        Subject.USER,
        (Scope.VEHICLE_CMDS, Scope.VEHICLE_DEVICE_DATA),
        params=(
            text("public_key"),
            body("kind", Kind.ANY, required=False),
            body("model", Kind.ANY, required=False),
            text("name", required=False),
            body("tag", Kind.ANY, required=False),
        ),
        note="names a key on the car's Locks screen",
        source="github.com/teslamotors/vehicle-command",
    ),
)


def _charging(name: str, path: str, *params: Param, note: str = "") -> Endpoint:
    return Endpoint(
        name,
        "GET",
        f"/api/1/dx/charging/{path}",
        Subject.CHARGING,
        (Scope.VEHICLE_CHARGING_CMDS,),
        params=params,
        content=Content.PDF if "invoice" in name else Content.JSON,
        note=note,
        source=f"{_DOCS}/charging-endpoints",
    )


CHARGING = (
    _charging(
        "charging_history",
        "history",
        asked("vin"),
        asked("startTime"),
        asked("endTime"),
        asked("pageNo", Kind.INTEGER),
        asked("pageSize", Kind.INTEGER),
        asked("sortBy"),
        asked("sortOrder", Kind.STRING, "ASC", "DESC"),
    ),
    _charging(
        "charging_invoice", "invoice/{content_id}", Param("content_id", Where.PATH)
    ),
    _charging(
        "charging_sessions",
        "sessions",
        asked("vin"),
        asked("date_from"),
        asked("date_to"),
        asked("limit", Kind.INTEGER),
        asked("offset", Kind.INTEGER),
        note="businesses that own a fleet only",
    ),
)


def _partner(
    name: str, method: str, path: str, *params: Param, note: str = ""
) -> Endpoint:
    return Endpoint(
        name,
        method,
        f"/api/1/partner_accounts{path}",
        Subject.PARTNER,
        partner=True,
        params=params,
        note=note,
        source=f"{_DOCS}/partner-endpoints",
    )


PARTNER = (
    _partner(
        "register_partner",
        "POST",
        "",
        text("domain", note="a host name"),
        note="once in each region",
    ),
    _partner(
        "partner_public_key",
        "GET",
        "/public_key",
        asked("domain", required=True),
        note="hex of the uncompressed point",
    ),
    _partner("partner_telemetry_error_vins", "GET", "/fleet_telemetry_error_vins"),
    _partner("partner_telemetry_errors", "GET", "/fleet_telemetry_errors"),
)

SERVER = (
    Endpoint(
        "status",
        "GET",
        "/status",
        Subject.SERVER,
        content=Content.TEXT,
        note="answers ok, without a token",
        source="developer.tesla.com/docs/fleet-api",
    ),
)
