"""Make the commands of the table in few words."""

from dataclasses import replace

from fleet.endpoints.model import Domain, Endpoint, Param, Price, Subject
from fleet.endpoints.params import VEHICLE_TAG
from fleet.scopes import Scope

_SOURCE = "developer.tesla.com/docs/fleet-api/endpoints/vehicle-commands"
_CHARGING = (Scope.VEHICLE_CMDS, Scope.VEHICLE_CHARGING_CMDS)


def _command(
    name: str,
    params: tuple[Param, ...],
    domain: Domain | None,
    *,
    note: str,
) -> Endpoint:
    return Endpoint(
        name,
        "POST",
        f"/api/1/vehicles/{{vehicle_tag}}/command/{name}",
        Subject.VEHICLE,
        (Scope.VEHICLE_CMDS,),
        Price.COMMANDS,
        live=True,
        domain=domain,
        params=(VEHICLE_TAG, *params),
        note=note,
        source=_SOURCE,
    )


def security(name: str, *params: Param, note: str = "") -> Endpoint:
    """Return a command that the car's security controller takes."""
    return _command(name, params, Domain.VEHICLE_SECURITY, note=note)


def infotainment(name: str, *params: Param, note: str = "") -> Endpoint:
    """Return a command that the car's computer takes."""
    return _command(name, params, Domain.INFOTAINMENT, note=note)


def charging(name: str, *params: Param, note: str = "") -> Endpoint:
    """Return a command that the charging scope alone opens as well."""
    command = _command(name, params, Domain.INFOTAINMENT, note=note)
    return replace(command, scopes=_CHARGING)


def unsigned(
    name: str, *params: Param, domain: Domain | None = None, note: str = ""
) -> Endpoint:
    """Return a command that Tesla's servers carry out, unsigned for every car.

    With a `domain`, the car takes it signed as well.
    """
    return replace(_command(name, params, domain, note=note), rest=True, live=False)
