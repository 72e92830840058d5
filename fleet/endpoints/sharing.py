"""List the endpoints on who may use a car, and on push messages about it."""

from dataclasses import replace

from fleet.endpoints.model import Endpoint, Kind, Param, Subject, Where
from fleet.endpoints.params import VEHICLE_TAG, asked, text
from fleet.scopes import Scope

_SOURCE = "developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints"
_READ = (Scope.VEHICLE_DEVICE_DATA,)
_COMMAND = (Scope.VEHICLE_CMDS,)
_ONE = "/api/1/vehicles/{vehicle_tag}"


def _endpoint(  # noqa: PLR0913 - each is one fact about an endpoint
    name: str,
    method: str,
    path: str,
    summary: str,
    *params: Param,
    scopes: tuple[Scope, ...] = _READ,
    repeatable: bool = True,
    note: str = "",
) -> Endpoint:
    return Endpoint(
        name,
        method,
        path,
        Subject.VEHICLE,
        scopes,
        repeatable=repeatable,
        params=params,
        summary=summary,
        note=note,
        source=_SOURCE,
    )


_REDEEM = _endpoint(
    "redeem_invitation",
    "POST",
    "/api/1/invitations/redeem",
    "Accept an invitation to drive somebody's car.",
    text("code", longest=200),
    repeatable=False,
    note="the code may also stand in the query",
)

SHARING = (
    _endpoint(
        "drivers",
        "GET",
        f"{_ONE}/drivers",
        "List who else may drive the car.",
        VEHICLE_TAG,
        note="the owner only",
    ),
    _endpoint(
        "remove_driver",
        "DELETE",
        f"{_ONE}/drivers",
        "Take the car from a driver.",
        VEHICLE_TAG,
        asked(
            "share_user_id",
            Kind.INTEGER,
            minimum=0,
            note="whom to remove; without it, oneself",
        ),
        scopes=_COMMAND,
    ),
    _endpoint(
        "invitations",
        "GET",
        f"{_ONE}/invitations",
        "List the invitations to drive the car.",
        VEHICLE_TAG,
        note="pages of 25",
    ),
    _endpoint(
        "create_invitation",
        "POST",
        f"{_ONE}/invitations",
        "Invite somebody to drive the car.",
        VEHICLE_TAG,
        scopes=_COMMAND,
        repeatable=False,
        note="for one use within 24 h; a car has at most 5 drivers",
    ),
    _endpoint(
        "revoke_invitation",
        "POST",
        f"{_ONE}/invitations/{{invitation_id}}/revoke",
        "Take an open invitation back.",
        VEHICLE_TAG,
        Param("invitation_id", Where.PATH),
        scopes=_COMMAND,
    ),
    _REDEEM,
    replace(
        _REDEEM,
        name="redeem_vehicle_invitation",
        path="/api/1/vehicles/invitations/redeem",
        upstream=_REDEEM.path,
        note="another address of the same call",
    ),
)

PUSH = tuple(
    _endpoint(name, method, path, summary, note="push messages of a mobile app")
    for name, method, path, summary in (
        (
            "subscriptions",
            "GET",
            "/api/1/subscriptions",
            "List which cars send push messages to a phone.",
        ),
        (
            "set_subscriptions",
            "POST",
            "/api/1/subscriptions",
            "Choose which cars send push messages to a phone.",
        ),
        (
            "vehicle_subscriptions",
            "GET",
            "/api/1/vehicle_subscriptions",
            "List the push messages by car.",
        ),
        (
            "set_vehicle_subscriptions",
            "POST",
            "/api/1/vehicle_subscriptions",
            "Choose the push messages by car.",
        ),
    )
)
