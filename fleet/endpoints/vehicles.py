"""List the endpoints that read cars, wake them and manage who may use them."""

from fleet.endpoints.model import Endpoint, Kind, Param, Price, Subject
from fleet.endpoints.params import VEHICLE_TAG, VIN_IN_PATH, asked, body, text
from fleet.scopes import Scope

_SOURCE = "developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints"
_READ = (Scope.VEHICLE_DEVICE_DATA,)
_COMMAND = (Scope.VEHICLE_CMDS,)
_ANY_DEVICE = (Scope.VEHICLE_DEVICE_DATA, Scope.ENERGY_DEVICE_DATA)
_ALL = "/api/1/vehicles"
_ONE = f"{_ALL}/{{vehicle_tag}}"

VEHICLE_DATA_GROUPS = (
    "charge_state",
    "climate_state",
    "closures_state",
    "drive_state",
    "gui_settings",
    "location_data",
    "charge_schedule_data",
    "preconditioning_schedule_data",
    "vehicle_config",
    "vehicle_state",
    "vehicle_data_combo",
)
"""What `endpoints` of vehicle_data may name; location_data needs its own scope."""


def _get(
    name: str,
    path: str,
    *params: Param,
    price: Price = Price.FREE,
    live: bool = False,
    note: str = "",
) -> Endpoint:
    return Endpoint(
        name,
        "GET",
        path,
        Subject.VEHICLE,
        _READ,
        price,
        live=live,
        params=params,
        note=note,
        source=_SOURCE,
    )


def _change(
    name: str,
    method: str,
    path: str,
    *params: Param,
    scopes: tuple[Scope, ...] = _COMMAND,
    note: str = "",
) -> Endpoint:
    return Endpoint(
        name,
        method,
        path,
        Subject.VEHICLE,
        scopes,
        params=params,
        note=note,
        source=_SOURCE,
    )


READS = (
    Endpoint(
        "products",
        "GET",
        "/api/1/products",
        Subject.USER,
        _ANY_DEVICE,
        note="cars and energy sites in one list",
        source="developer.tesla.com/docs/fleet-api/endpoints/energy",
    ),
    _get(
        "vehicles",
        _ALL,
        asked("page", Kind.INTEGER),
        asked("per_page", Kind.INTEGER),
        note="pages of 100 unless said otherwise",
    ),
    _get("vehicle", _ONE, VEHICLE_TAG, note="never wakes the car"),
    _get(
        "vehicle_data",
        f"{_ONE}/vehicle_data",
        VEHICLE_TAG,
        asked("endpoints", note="groups, separated by semicolons"),
        price=Price.DATA,
        live=True,
        note="location_data without vehicle_location is 403 for the whole call",
    ),
    _get("mobile_enabled", f"{_ONE}/mobile_enabled", VEHICLE_TAG),
    _get(
        "nearby_charging_sites",
        f"{_ONE}/nearby_charging_sites",
        VEHICLE_TAG,
        asked("count", Kind.INTEGER),
        asked("radius", Kind.INTEGER),
        asked("detail", Kind.BOOLEAN),
        price=Price.DATA,
        live=True,
    ),
    _get(
        "recent_alerts",
        f"{_ONE}/recent_alerts",
        VEHICLE_TAG,
        price=Price.DATA,
        live=True,
    ),
    _get(
        "release_notes",
        f"{_ONE}/release_notes",
        VEHICLE_TAG,
        asked("staged", Kind.BOOLEAN),
        asked("language", Kind.INTEGER),
        price=Price.DATA,
        live=True,
    ),
    _get("service_data", f"{_ONE}/service_data", VEHICLE_TAG),
)

WAKING = (
    Endpoint(
        "wake_up",
        "POST",
        f"{_ONE}/wake_up",
        Subject.VEHICLE,
        _READ,
        Price.WAKES,
        wakes=True,
        params=(VEHICLE_TAG,),
        note="answers at once, usually still asleep; online after 10 to 60 s",
        source=_SOURCE,
    ),
)

SHARING = (
    _get("drivers", f"{_ONE}/drivers", VEHICLE_TAG, note="the owner only"),
    _change(
        "remove_driver",
        "DELETE",
        f"{_ONE}/drivers",
        VEHICLE_TAG,
        asked("share_user_id", note="whom to remove; without it, oneself"),
    ),
    _get("invitations", f"{_ONE}/invitations", VEHICLE_TAG, note="pages of 25"),
    _change(
        "create_invitation",
        "POST",
        f"{_ONE}/invitations",
        VEHICLE_TAG,
        note="for one use within 24 h; a car has at most 5 drivers",
    ),
    _change(
        "revoke_invitation",
        "POST",
        f"{_ONE}/invitations/{{invitation_id}}/revoke",
        VEHICLE_TAG,
        Param("invitation_id", VEHICLE_TAG.where),
    ),
    _change(
        "redeem_invitation",
        "POST",
        "/api/1/invitations/redeem",
        text("code"),
        scopes=_READ,
    ),
)

PUSH = tuple(
    _change(name, method, path, scopes=_READ, note="push messages of a mobile app")
    for name, method, path in (
        ("subscriptions", "GET", "/api/1/subscriptions"),
        ("set_subscriptions", "POST", "/api/1/subscriptions"),
        ("vehicle_subscriptions", "GET", "/api/1/vehicle_subscriptions"),
        ("set_vehicle_subscriptions", "POST", "/api/1/vehicle_subscriptions"),
    )
)

SIGNED_COMMAND = Endpoint(
    "signed_command",
    "POST",
    f"{_ONE}/signed_command",
    Subject.VEHICLE,
    (Scope.VEHICLE_CMDS, Scope.VEHICLE_CHARGING_CMDS),
    Price.COMMANDS,
    live=True,
    params=(VEHICLE_TAG, body("routable_message", Kind.STRING, note="base64")),
    note="needs the scope of the command inside; handshakes are billed too",
    source=_SOURCE,
)

PARTNER_READS = tuple(
    Endpoint(
        name,
        "GET",
        f"{_ALL}/{{vin}}/{name}",
        Subject.VEHICLE,
        (scope,),
        price,
        partner=True,
        params=(VIN_IN_PATH,),
        source="developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints",
    )
    for name, scope, price in (
        ("specs", Scope.VEHICLE_SPECS, Price.SPECS),
        ("pricing", Scope.VEHICLE_PRICING_INFO, Price.FREE),
    )
)
