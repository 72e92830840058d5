"""Which accounts see a car now, and which of them may know where it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from tokens.models import TeslaGrant
from vehicles.models import VehicleAccess

_DATA_SCOPE = "vehicle_device_data"
_LOCATION_SCOPE = "vehicle_location"
_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Viewer:
    """An account that sees a car, and whether it may know the car's place.

    `sees_location`: one of its grants has the scope, and the car's owner shares the
    place with it.
    """

    account_id: UUID
    sees_location: bool


def of(vins: Iterable[str]) -> dict[str, tuple[Viewer, ...]]:
    """Return who sees each car now, in the order of their accounts.

    An account sees a car that Tesla still lists for a grant of its that works and may
    read vehicle data. A car that nobody sees is not in the answer. One query for each
    500 cars.
    """
    wanted = sorted(set(vins))
    found: dict[str, dict[UUID, bool]] = {}
    for start in range(0, len(wanted), _MOST_AT_ONCE):
        _collect(wanted[start : start + _MOST_AT_ONCE], found)
    return {
        vin: tuple(Viewer(account, accounts[account]) for account in sorted(accounts))
        for vin, accounts in found.items()
    }


def _collect(vins: list[str], found: dict[str, dict[UUID, bool]]) -> None:
    rows = VehicleAccess.objects.filter(
        vehicle__vin__in=vins,
        gone_at=None,
        grant__state=TeslaGrant.State.ACTIVE,
        grant__user__is_active=True,
    ).values_list("vehicle__vin", "grant__user_id", "grant__scopes", "hide_private")
    for vin, account_id, scopes, is_hidden in rows:
        if _DATA_SCOPE not in scopes:
            continue
        sees_location = _LOCATION_SCOPE in scopes and not is_hidden
        accounts = found.setdefault(vin, {})
        accounts[account_id] = accounts.get(account_id, False) or sees_location
