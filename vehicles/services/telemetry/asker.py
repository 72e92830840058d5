"""Choose the Tesla account with which a car's streaming is set."""

from django.utils import timezone

import fleet
from fleet.scopes import Scope
from tokens.models import TeslaGrant
from vehicles.models import TelemetryConfig, VehicleAccess
from vehicles.services import vehicles
from vehicles.services.telemetry import fields
from vehicles.services.telemetry.refusals import Code

_OWNER = VehicleAccess.AccessType.OWNER


def choose(row: TelemetryConfig) -> VehicleAccess | Code:
    """Return by whom to ask, or the reason why nobody can.

    Who asked comes first, then owners. Fields that tell a place want an account that may
    know it. What somebody else than an owner asked for, and Tesla has not yet taken, is
    brought there by their own Tesla accounts alone.
    """
    seen = VehicleAccess.objects.select_related("grant", "vehicle").filter(
        vehicle=row.vehicle_id, gone_at=None
    )
    ranked = sorted(
        _allowed(row, list(seen)),
        key=lambda one: (one.grant_id != row.asked_by_id, vehicles.preference(one)),
    )
    if not ranked:
        return Code.NOT_LISTED
    usable = [one for one in ranked if one.grant.state == TeslaGrant.State.ACTIVE]
    if not usable:
        return Code.RELINK
    return next((one for one in usable if brings(one, row)), Code.MISSING_SCOPE)


def brings(access: VehicleAccess, row: TelemetryConfig) -> bool:
    """Tell whether a Tesla account works and has the scopes that a wish needs."""
    grant, wanted = access.grant, [Scope.VEHICLE_DEVICE_DATA]
    if fields.located(row.fields):
        wanted.append(Scope.VEHICLE_LOCATION)
    is_active = grant.state == TeslaGrant.State.ACTIVE
    return is_active and all(grant.has(scope) for scope in wanted)


def _allowed(row: TelemetryConfig, seen: list[VehicleAccess]) -> list[VehicleAccess]:
    """Keep the accesses with which this wish may be brought to Tesla."""
    is_taken = row.fields and (row.confirmed or {}).get("fields") == row.fields
    if row.asked_by is None or is_taken:
        return seen
    own = [one for one in seen if one.grant.user_id == row.asked_by.user_id]
    is_owner = any(one.access_type == _OWNER for one in own)
    return seen if is_owner else own


def renew_soon(access: VehicleAccess, error: fleet.FleetError) -> None:
    """Have the timer renew a token that Tesla refused before its time."""
    if isinstance(error, fleet.Unauthorized):
        TeslaGrant.objects.filter(
            pk=access.grant_id, generation=access.grant.generation
        ).update(next_refresh_at=timezone.now())
