"""List the endpoints that tell which cars have the key, and set up streaming."""

from fleet.endpoints.model import Endpoint, Kind, Param, Subject
from fleet.endpoints.params import VEHICLE_TAG, body, vins
from fleet.scopes import Scope

_SOURCE = "developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints"
_ALL = "/api/1/vehicles"
_ONE = f"{_ALL}/{{vehicle_tag}}"
_VINS = vins()


def _endpoint(
    name: str,
    method: str,
    path: str,
    summary: str,
    *params: Param,
    note: str = "",
) -> Endpoint:
    return Endpoint(
        name,
        method,
        path,
        Subject.VEHICLE,
        (Scope.VEHICLE_DEVICE_DATA,),
        params=params,
        summary=summary,
        note=note,
        source=_SOURCE,
    )


ENDPOINTS = (
    _endpoint(
        "fleet_status",
        "POST",
        f"{_ALL}/fleet_status",
        "Tell which cars hold Keyfob's key, and their firmware.",
        _VINS,
        note="a VIN in key_paired_vins is the only proof of pairing; ask for one VIN",
    ),
    _endpoint(
        "fleet_telemetry_config_create",
        "POST",
        f"{_ALL}/fleet_telemetry_config",
        "Tell cars what to stream.",
        _VINS,
        body("config", Kind.OBJECT),
        note="Tesla takes it from its command proxy only; send it signed instead",
    ),
    _endpoint(
        "fleet_telemetry_config_jws",
        "POST",
        f"{_ALL}/fleet_telemetry_config_jws",
        "Tell cars what to stream, by a signed configuration.",
        _VINS,
        body("token", Kind.STRING, note="the configuration as a signed JWS"),
        note="a car with a configuration of Keyfob's is sent that one again",
    ),
    _endpoint(
        "fleet_telemetry_config",
        "GET",
        f"{_ONE}/fleet_telemetry_config",
        "Read what a car is told to stream.",
        VEHICLE_TAG,
    ),
    _endpoint(
        "fleet_telemetry_config_delete",
        "DELETE",
        f"{_ONE}/fleet_telemetry_config",
        "Have a car stop streaming.",
        VEHICLE_TAG,
        note="takes away what Keyfob keeps for the car, too; for the car's owner alone"
        " where the owner uses this Keyfob",
    ),
    _endpoint(
        "fleet_telemetry_errors",
        "GET",
        f"{_ONE}/fleet_telemetry_errors",
        "List what went wrong while a car streamed.",
        VEHICLE_TAG,
    ),
)
