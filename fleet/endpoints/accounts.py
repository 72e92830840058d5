"""List the endpoints about a person, their charging bills, and our application."""

from fleet.endpoints.model import Content, Endpoint, Kind, Param, Subject, Where
from fleet.endpoints.params import VIN_PATTERN, asked, body, text
from fleet.scopes import Scope

_DOCS = "developer.tesla.com/docs/fleet-api/endpoints"


def _user(name: str, summary: str, *scopes: Scope, note: str = "") -> Endpoint:
    return Endpoint(
        f"users_{name}",
        "GET",
        f"/api/1/users/{name}",
        Subject.USER,
        scopes,
        summary=summary,
        note=note,
        source=f"{_DOCS}/user",
    )


USERS = (
    _user("me", "Read the name and picture of the Tesla account.", Scope.USER_DATA),
    _user(
        "region",
        "Read the region of the Tesla account.",
        note="answers in every region",
    ),
    _user("orders", "List the open orders.", Scope.USER_DATA),
    _user(
        "feature_config", "Read which features Tesla's app would use.", Scope.USER_DATA
    ),
    _user("backup_key", "Read the account's backup key.", Scope.USER_DATA),
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
        summary="Name a key as the car shows it.",
        note="names a key on the car's Locks screen",
        source="github.com/teslamotors/vehicle-command",
    ),
)


_VIN = asked("vin", pattern=VIN_PATTERN, note="17 characters")


def _charging(
    name: str, path: str, summary: str, *params: Param, note: str = ""
) -> Endpoint:
    return Endpoint(
        name,
        "GET",
        f"/api/1/dx/charging/{path}",
        Subject.CHARGING,
        (Scope.VEHICLE_CHARGING_CMDS,),
        params=params,
        content=Content.PDF if "invoice" in name else Content.JSON,
        summary=summary,
        note=note,
        source=f"{_DOCS}/charging-endpoints",
    )


CHARGING = (
    _charging(
        "charging_history",
        "history",
        "List the charges at Superchargers.",
        _VIN,
        asked("startTime"),
        asked("endTime"),
        asked("pageNo", Kind.INTEGER, minimum=0),
        asked("pageSize", Kind.INTEGER, minimum=1),
        asked("sortBy"),
        asked("sortOrder", Kind.STRING, "ASC", "DESC"),
    ),
    _charging(
        "charging_invoice",
        "invoice/{content_id}",
        "Read an invoice of a charge.",
        Param("content_id", Where.PATH),
    ),
    _charging(
        "charging_sessions",
        "sessions",
        "List the charging sessions of a business.",
        _VIN,
        asked("date_from"),
        asked("date_to"),
        asked("limit", Kind.INTEGER, minimum=1),
        asked("offset", Kind.INTEGER, minimum=0),
        note="businesses that own a fleet only",
    ),
)


def _partner(
    name: str, method: str, path: str, summary: str, *params: Param, note: str = ""
) -> Endpoint:
    return Endpoint(
        name,
        method,
        f"/api/1/partner_accounts{path}",
        Subject.PARTNER,
        partner=True,
        params=params,
        summary=summary,
        note=note,
        source=f"{_DOCS}/partner-endpoints",
    )


PARTNER = (
    _partner(
        "register_partner",
        "POST",
        "",
        "Register the application's domain.",
        text("domain", note="a host name"),
        note="once in each region",
    ),
    _partner(
        "partner_public_key",
        "GET",
        "/public_key",
        "Read the public key that Tesla holds of a domain.",
        asked("domain", required=True),
        note="hex of the uncompressed point",
    ),
    _partner(
        "partner_telemetry_error_vins",
        "GET",
        "/fleet_telemetry_error_vins",
        "List the cars whose streaming fails.",
    ),
    _partner(
        "partner_telemetry_errors",
        "GET",
        "/fleet_telemetry_errors",
        "List why streaming fails.",
    ),
)
