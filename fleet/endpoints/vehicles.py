"""List the endpoints that read cars and wake them."""

from fleet.endpoints.model import Endpoint, Kind, Param, Price, Subject, Where
from fleet.endpoints.params import VEHICLE_TAG, VIN_IN_PATH, asked, body
from fleet.scopes import Scope

_SOURCE = "developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints"
_READ = (Scope.VEHICLE_DEVICE_DATA,)
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


def _get(  # noqa: PLR0913 - each is one fact about a read
    name: str,
    path: str,
    summary: str,
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
        summary=summary,
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
        params=(
            Param(
                "decode",
                Where.QUERY,
                Kind.BOOLEAN,
                required=False,
                ours=True,
                note="taken for older programs; no effect",
            ),
        ),
        summary="List cars and energy sites together.",
        note="of all linked Tesla accounts; what two of them see stands once",
        source="developer.tesla.com/docs/fleet-api/endpoints/energy",
    ),
    _get(
        "vehicles",
        _ALL,
        "List the records of the cars.",
        asked("page", Kind.INTEGER, minimum=1),
        asked("per_page", Kind.INTEGER, minimum=1),
        note="pages of 100 unless said otherwise",
    ),
    _get(
        "vehicle",
        _ONE,
        "Read one car's record with its state.",
        VEHICLE_TAG,
        note="never wakes the car",
    ),
    _get(
        "vehicle_data",
        f"{_ONE}/vehicle_data",
        "Read the car's values.",
        VEHICLE_TAG,
        Param(
            "endpoints",
            Where.QUERY,
            required=False,
            choices=VEHICLE_DATA_GROUPS,
            separator=";",
            note="groups, separated by semicolons",
        ),
        Param(
            "use_cache",
            Where.QUERY,
            Kind.BOOLEAN,
            required=False,
            ours=True,
            note="true: the last reading of any age, false: a new one",
        ),
        price=Price.DATA,
        live=True,
        note="location_data without vehicle_location is 403 for the whole call",
    ),
    _get(
        "mobile_enabled",
        f"{_ONE}/mobile_enabled",
        "Tell whether the car allows mobile access.",
        VEHICLE_TAG,
    ),
    _get(
        "nearby_charging_sites",
        f"{_ONE}/nearby_charging_sites",
        "List the chargers near the car.",
        VEHICLE_TAG,
        asked("count", Kind.INTEGER, minimum=1),
        asked("radius", Kind.INTEGER, minimum=1, note="miles"),
        asked("detail", Kind.BOOLEAN),
        price=Price.DATA,
        live=True,
    ),
    _get(
        "recent_alerts",
        f"{_ONE}/recent_alerts",
        "List the car's newest alerts.",
        VEHICLE_TAG,
        price=Price.DATA,
        live=True,
    ),
    _get(
        "release_notes",
        f"{_ONE}/release_notes",
        "Read what is new in the car's firmware.",
        VEHICLE_TAG,
        asked("staged", Kind.BOOLEAN, note="of the update that waits"),
        asked("language", Kind.INTEGER, minimum=0),
        price=Price.DATA,
        live=True,
    ),
    _get(
        "service_data",
        f"{_ONE}/service_data",
        "Read how far a service visit is.",
        VEHICLE_TAG,
    ),
    Endpoint(
        "charge_history",
        "POST",
        f"{_ONE}/charge_history",
        Subject.VEHICLE,
        _READ,
        params=(VEHICLE_TAG,),
        summary="Read the car's charging history of its owner's application.",
        note="older than Tesla's present documents, which do not describe its answer",
        source=_SOURCE,
    ),
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
        summary="Wake a sleeping car.",
        note="answers at once, usually still asleep; online after 10 to 60 s",
        source=_SOURCE,
    ),
)

SIGNED_COMMAND = Endpoint(
    "signed_command",
    "POST",
    f"{_ONE}/signed_command",
    Subject.VEHICLE,
    (Scope.VEHICLE_CMDS, Scope.VEHICLE_CHARGING_CMDS),
    Price.COMMANDS,
    live=True,
    repeatable=False,
    params=(VEHICLE_TAG, body("routable_message", Kind.STRING, note="base64")),
    summary="Pass a message on that a program signed with a key of its own.",
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
        summary=summary,
        source="developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints",
    )
    for name, scope, price, summary in (
        (
            "specs",
            Scope.VEHICLE_SPECS,
            Price.SPECS,
            "Read how a car was built.",
        ),
        (
            "pricing",
            Scope.VEHICLE_PRICING_INFO,
            Price.FREE,
            "Read what a car cost.",
        ),
    )
)
