"""Turn vehicle_data into groups of values that a person can read."""

from collections.abc import Mapping
from typing import Any

from accounts.models import Units
from fleet.scopes import Scope
from tokens.readings import Document, Group
from vehicles.groups import body, cabin, power, road
from vehicles.models import VehicleAccess

_SECRET = frozenset({"tokens", "backseat_token", "cached_data"})


def summary(
    vehicle_data: object, units: Units, *, why_no_place: str = ""
) -> tuple[Group, ...]:
    """Return the groups in the order of a page; each carries the moment it was read.

    Whatever the answer lacks is unknown. `why_no_place` is the reason when no
    position was sent.
    """
    document = Document(vehicle_data)
    return (
        power.battery(document, units),
        power.charging(document, units),
        body.body(document),
        cabin.cabin(document, units),
        road.drive(document, units),
        road.tires(document, units),
        road.place(document, why_hidden=why_no_place),
        road.software(document),
    )


def why_no_place(access: VehicleAccess) -> str:
    """Return why this grant sees no position, "" when it should see one."""
    if access.hide_private:
        return "The car's owner hides its location from you."
    if not access.grant.has(Scope.VEHICLE_LOCATION):
        return "You have not granted the scope vehicle_location."
    return ""


def shown_json(vehicle_data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer as it may be shown: the record's own secrets blanked."""
    return {
        key: "not shown" if key in _SECRET and content else content
        for key, content in vehicle_data.items()
    }
