"""Forget the cars that somebody saw; a car that others still see stays with them."""

from accounts.models import User
from accounts.services.batches import delete_in_batches
from tokens import shared
from tokens.models import TeslaGrant
from vehicles.models import Command, Vehicle, VehicleAccess
from vehicles.services import losses
from vehicles.services.commanding.store import SESSIONS


def forget(user: User) -> dict[str, int]:
    """Delete what a user's grants see of cars, and what the user commanded.

    Readings are included. Safe to repeat. Raises `last_answers.StillKept` while Redis
    is away: then what was told is still there.
    """
    sent = delete_in_batches(Command.objects.filter(user=user))
    seen = VehicleAccess.objects.filter(grant__user=user)
    found = {"cars": delete_in_batches(seen), "commands": sent}
    losses.forget_unseen(user.pk)
    return found


def forget_grant(grant: TeslaGrant) -> dict[str, int]:
    """Delete what one grant sees of cars and was used to command. Safe to repeat.

    Readings are included. Raises `last_answers.StillKept` as `forget` does.
    """
    sent = delete_in_batches(Command.objects.filter(grant=grant))
    seen = VehicleAccess.objects.filter(grant=grant)
    found = {"cars": delete_in_batches(seen), "commands": sent}
    losses.forget_unseen(grant.user_id)
    return found


def forget_gone(user: User, vin: str) -> dict[str, int]:
    """Delete what a user saw of one car that Tesla no longer lists. Safe to repeat.

    What the user had it do goes, too. Raises `last_answers.StillKept` as `forget` does.
    """
    others = VehicleAccess.objects.filter(grant__user=user, gone_at=None)
    sent = Command.objects.filter(user=user, vehicle__vin=vin).exclude(
        vehicle__in=others.values("vehicle")
    )
    forgotten = delete_in_batches(sent)
    gone = VehicleAccess.objects.filter(
        grant__user=user, vehicle__vin=vin, gone_at__isnull=False
    )
    found = {"cars": delete_in_batches(gone), "commands": forgotten}
    losses.forget_unseen(user.pk)
    return found


def forget_unseen() -> dict[str, int]:
    """Delete the cars that nobody sees any more, whoever saw them last.

    What is agreed with them for signed commands goes, too, or while Redis is away,
    ends by itself within a week.
    """
    unseen = Vehicle.objects.filter(accesses=None)
    sessions = [SESSIONS + vin for vin in unseen.values_list("vin", flat=True)]
    if sessions:
        shared.ask(lambda client: client.delete(*sessions))
    return {"cars nobody else sees": delete_in_batches(unseen)}
