"""Make the commands of the table in few words."""

from dataclasses import replace

from fleet.endpoints.model import Domain, Endpoint, Param, Price, Subject
from fleet.endpoints.params import VEHICLE_TAG
from fleet.scopes import Scope

_SOURCE = "developer.tesla.com/docs/fleet-api/endpoints/vehicle-commands"
_PROTOCOL = "github.com/teslamotors/vehicle-command"
_CHARGING = (Scope.VEHICLE_CMDS, Scope.VEHICLE_CHARGING_CMDS)


def _command(
    name: str,
    summary: str,
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
        summary=summary,
        note=note,
        source=_SOURCE,
    )


def security(name: str, summary: str, *params: Param, note: str = "") -> Endpoint:
    """Return a command that the car's security controller takes."""
    return _command(name, summary, params, Domain.VEHICLE_SECURITY, note=note)


def infotainment(name: str, summary: str, *params: Param, note: str = "") -> Endpoint:
    """Return a command that the car's computer takes."""
    return _command(name, summary, params, Domain.INFOTAINMENT, note=note)


def charging(name: str, summary: str, *params: Param, note: str = "") -> Endpoint:
    """Return a command that the charging scope alone opens as well."""
    command = _command(name, summary, params, Domain.INFOTAINMENT, note=note)
    return replace(command, scopes=_CHARGING)


def unsigned(
    name: str,
    summary: str,
    *params: Param,
    domain: Domain | None = None,
    note: str = "",
) -> Endpoint:
    """Return a command that Tesla's servers carry out, unsigned for every car.

    With a `domain`, the car takes it signed as well.
    """
    command = _command(name, summary, params, domain, note=note)
    return replace(command, rest=True, live=False)


def custom(
    name: str,
    summary: str,
    *params: Param,
    domain: Domain = Domain.INFOTAINMENT,
    method: str = "POST",
    note: str = "",
) -> Endpoint:
    """Return a command that a car takes signed, and for which Tesla has no address."""
    command = _command(name, summary, params, domain, note=note)
    prefix = "custom" if method == "POST" else "custom_get"
    return replace(
        command,
        name=f"{prefix}_{name}",
        method=method,
        path=f"/api/1/vehicles/{{vehicle_tag}}/custom_command/{name}",
        source=_PROTOCOL,
    )


def once(endpoint: Endpoint) -> Endpoint:
    """Return the same command, marked: asking twice does more than asking once."""
    return replace(endpoint, repeatable=False)
