"""List the endpoints that tell which cars have the key, and set up streaming."""

from fleet.endpoints.model import Endpoint, Kind, Param, Subject
from fleet.endpoints.params import VEHICLE_TAG, body
from fleet.scopes import Scope

_SOURCE = "developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints"
_ALL = "/api/1/vehicles"
_ONE = f"{_ALL}/{{vehicle_tag}}"
_VINS = body("vins", Kind.ARRAY, note="VINs")


def _endpoint(
    name: str, method: str, path: str, *params: Param, note: str = ""
) -> Endpoint:
    return Endpoint(
        name,
        method,
        path,
        Subject.VEHICLE,
        (Scope.VEHICLE_DEVICE_DATA,),
        params=params,
        note=note,
        source=_SOURCE,
    )


ENDPOINTS = (
    _endpoint(
        "fleet_status",
        "POST",
        f"{_ALL}/fleet_status",
        _VINS,
        note="a VIN in key_paired_vins is the only proof of pairing; ask for one VIN",
    ),
    _endpoint(
        "fleet_telemetry_config_create",
        "POST",
        f"{_ALL}/fleet_telemetry_config",
        _VINS,
        body("config", Kind.OBJECT),
        note="Tesla takes it from its command proxy only; send it signed instead",
    ),
    _endpoint(
        "fleet_telemetry_config_jws",
        "POST",
        f"{_ALL}/fleet_telemetry_config_jws",
        _VINS,
        body("token", Kind.STRING, note="the configuration as a signed JWS"),
    ),
    _endpoint(
        "fleet_telemetry_config",
        "GET",
        f"{_ONE}/fleet_telemetry_config",
        VEHICLE_TAG,
    ),
    _endpoint(
        "fleet_telemetry_config_delete",
        "DELETE",
        f"{_ONE}/fleet_telemetry_config",
        VEHICLE_TAG,
        note="with the application's own token for any car",
    ),
    _endpoint(
        "fleet_telemetry_errors",
        "GET",
        f"{_ONE}/fleet_telemetry_errors",
        VEHICLE_TAG,
    ),
)
