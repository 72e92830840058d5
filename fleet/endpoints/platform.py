"""List what Keyfob answers itself, from what it knows."""

from fleet.endpoints.model import (
    Content,
    Endpoint,
    Kind,
    Param,
    Price,
    Subject,
    Where,
)
from fleet.endpoints.params import VEHICLE_TAG, VIN_IN_PATH, asked, body, flag, text
from fleet.scopes import Scope

_SOURCE = "Keyfob"
_READ = (Scope.VEHICLE_DEVICE_DATA,)

SNAPSHOT_TOPICS = (
    "state",
    "data",
    "connectivity",
    "alerts",
    "errors",
    "vehicle_data",
)
"""What `topics` of the snapshot may name."""


def _account(name: str, summary: str, note: str = "") -> Endpoint:
    return Endpoint(
        name,
        "GET",
        f"/api/{name}",
        Subject.PLATFORM,
        local=True,
        summary=summary,
        note=note,
        source=_SOURCE,
    )


def _car(
    name: str,
    path: str,
    summary: str,
    *params: Param,
    method: str = "GET",
    note: str = "",
) -> Endpoint:
    return Endpoint(
        name,
        method,
        f"/api/{path}/{{vin}}",
        Subject.VEHICLE,
        _READ,
        local=True,
        params=(VIN_IN_PATH, *params),
        summary=summary,
        note=note,
        source=_SOURCE,
    )


def _public(name: str, path: str, content: Content, summary: str) -> Endpoint:
    return Endpoint(
        name,
        "GET",
        path,
        Subject.SERVER,
        local=True,
        public=True,
        content=content,
        summary=summary,
        source=_SOURCE,
    )


_NO_POLLING = "Keyfob reads no car by itself, so this is false, whatever is sent"

ACCOUNT = (
    _account("test", "Tell whether an access token is good."),
    _account("ping", "Tell whether the server answers.", note="needs no subscription"),
    _account("metadata", "Read which cars, sites and scopes an access token opens."),
    _account("userdata", "Read the account behind an access token."),
)

CARS = (
    _car(
        "vehicle_config",
        "vehicle_config",
        "Read what a car is built of, as the last reading told.",
        note="404 before the first reading; asks neither car nor Tesla",
    ),
    Endpoint(
        "refresh",
        "GET",
        "/api/refresh/{vin}",
        Subject.VEHICLE,
        _READ,
        Price.DATA,
        live=True,
        local=True,
        params=(VIN_IN_PATH,),
        summary="Read the car's values anew, and keep the reading.",
        note="as vehicle_data: 408 with the record for a car that sleeps",
        source=_SOURCE,
    ),
    Endpoint(
        "image",
        "GET",
        "/api/image/{vin}",
        Subject.VEHICLE,
        _READ,
        local=True,
        params=(VIN_IN_PATH,),
        content=Content.REDIRECT,
        summary="Lead to Tesla's picture of a car like this one.",
        source=_SOURCE,
    ),
    _car("auto", "auto", "Tell whether Keyfob polls a car.", note=_NO_POLLING),
    _car(
        "auto_start",
        "auto",
        "Ask Keyfob to poll a car.",
        method="POST",
        note=_NO_POLLING,
    ),
    _car(
        "auto_stop",
        "auto",
        "Ask Keyfob not to poll a car.",
        method="DELETE",
        note=_NO_POLLING,
    ),
    Endpoint(
        "telemetry",
        "GET",
        "/api/1/vehicles/{vehicle_tag}/telemetry",
        Subject.VEHICLE,
        _READ,
        local=True,
        params=(
            VEHICLE_TAG,
            Param(
                "topics",
                Where.QUERY,
                required=False,
                choices=SNAPSHOT_TOPICS,
                separator=";",
                note="topics, separated by semicolons; all without it",
            ),
            asked(
                "cursor",
                Kind.INTEGER,
                minimum=0,
                note="of an earlier answer: leaves out what has not changed since",
            ),
        ),
        summary="Read what Keyfob last heard of a car.",
        note="asks neither car nor Tesla",
        source=_SOURCE,
    ),
)

_WANTED = (
    body(
        "fields",
        Kind.OBJECT,
        required=False,
        note="by name of /fields.json: interval_seconds, resend_interval_seconds,"
        " minimum_delta; null or {} for the default interval",
    ),
    flag("prefer_typed", required=False, note="values as numbers instead of texts"),
    text(
        "delivery_policy",
        "latest",
        "no_retry",
        required=False,
        note="latest: what was not acknowledged is sent again",
    ),
)
_SHARED = "one configuration for each car, shared by all who see it here"

CONFIGS = (
    _car(
        "config",
        "config",
        "Read what a car is told to stream.",
        note=f"404 when there is nothing; {_SHARED}",
    ),
    _car(
        "config_change",
        "config",
        "Add fields to what a car streams, or change them.",
        *_WANTED,
        method="PATCH",
        note=f"fields that tell a place need vehicle_location, too; {_SHARED}",
    ),
    _car(
        "config_replace",
        "config",
        "Have a car stream these fields and no others.",
        *_WANTED,
        method="POST",
        note=f"fields that tell a place need vehicle_location, too; {_SHARED}",
    ),
    _car(
        "config_remove",
        "config",
        "Have a car stream nothing any more.",
        method="DELETE",
        note=_SHARED,
    ),
)

PUBLIC = (
    _public(
        "fields", "/fields.json", Content.JSON, "List the fields that cars can stream."
    ),
    _public("openapi", "/openapi.yaml", Content.YAML, "Describe the API for programs."),
    _public("docs", "/docs", Content.PAGE, "Describe the API for people."),
    _public("status", "/status", Content.TEXT, "Tell how this Keyfob is."),
)

ENDPOINTS = (*ACCOUNT, *CARS, *CONFIGS, *PUBLIC)
