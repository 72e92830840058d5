"""Forget the cars that somebody saw; a car that others still see stays with them."""

from accounts.models import User
from accounts.services.batches import delete_in_batches
from tokens.models import TeslaGrant
from vehicles.models import Vehicle, VehicleAccess


def forget(user: User) -> dict[str, int]:
    """Delete what a user's grants see of cars, readings included. Safe to repeat."""
    seen = VehicleAccess.objects.filter(grant__user=user)
    return {"cars": delete_in_batches(seen)}


def forget_grant(grant: TeslaGrant) -> dict[str, int]:
    """Delete what one grant sees of cars, readings included. Safe to repeat."""
    return {"cars": delete_in_batches(VehicleAccess.objects.filter(grant=grant))}


def forget_gone(user: User, vin: str) -> dict[str, int]:
    """Delete what a user saw of one car that Tesla no longer lists. Safe to repeat."""
    gone = VehicleAccess.objects.filter(
        grant__user=user, vehicle__vin=vin, gone_at__isnull=False
    )
    return {"cars": delete_in_batches(gone)}


def forget_unseen() -> dict[str, int]:
    """Delete the cars that nobody sees any more, whoever saw them last."""
    unseen = Vehicle.objects.filter(accesses=None)
    return {"cars nobody else sees": delete_in_batches(unseen)}
