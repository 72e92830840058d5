"""The virtual key: whether a car has it, and how often Tesla is asked while one waits."""

from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Q

from vehicles.models import Vehicle, VehicleAccess

WATCHED_FOR = timedelta(minutes=5)
SHORTEST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(seconds=60)


class KeyState(StrEnum):
    """List what can be said about a car's virtual key."""

    INSTALLED = "installed"
    MISSING = "missing"
    NOT_NEEDED = "not needed"
    CANNOT_TELL = "cannot tell"


def key_state(vehicle: Vehicle) -> KeyState:
    """Return what fleet status says about the key.

    A VIN among the paired is the only proof; a car that takes unsigned commands
    needs none. A VIN in neither list proves nothing.
    """
    if vehicle.key_paired:
        return KeyState.INSTALLED
    unsigned = vehicle.command_signing == Vehicle.CommandSigning.OFF
    if vehicle.protocol_required is False or (
        vehicle.protocol_required is None and unsigned
    ):
        return KeyState.NOT_NEEDED
    if vehicle.key_paired is False:
        return KeyState.MISSING
    return KeyState.CANNOT_TELL


def signing_of(vehicle: Vehicle) -> str:
    """Return whether the car wants its commands signed: a `Vehicle.CommandSigning`."""
    kinds = Vehicle.CommandSigning
    if vehicle.command_signing == kinds.OFF:
        return kinds.OFF
    if vehicle.command_signing == kinds.REQUIRED or vehicle.protocol_required:
        return kinds.REQUIRED
    said = vehicle.command_signing == kinds.ALLOWED
    is_allowed = said or vehicle.protocol_required is False
    return kinds.ALLOWED if is_allowed else kinds.UNKNOWN


def note_signing(vin: str, signing: str) -> None:
    """Keep what a car, or Tesla for it, said when it got a command."""
    Vehicle.objects.filter(vin=vin).update(command_signing=signing)


def may_see(access: VehicleAccess) -> bool:
    """Tell whether this access is shown key and firmware: drivers and owners."""
    return access.access_type != VehicleAccess.AccessType.GUEST


def watch(vehicle: Vehicle, now: datetime) -> datetime:
    """Begin to watch for the key; return the moment of the next check.

    The next check may come at once, but not within the shortest pause after the last.
    """
    asked_at = vehicle.fleet_status_at
    earliest = now if asked_at is None else max(now, asked_at + SHORTEST_PAUSE)
    Vehicle.objects.filter(pk=vehicle.pk).update(key_watched_at=now)
    Vehicle.objects.filter(pk=vehicle.pk).filter(
        Q(key_check_at=None) | Q(key_check_at__gt=earliest)
    ).update(key_check_at=earliest)
    vehicle.refresh_from_db(fields=["key_watched_at", "key_check_at"])
    return vehicle.key_check_at or earliest


def is_watched(vehicle: Vehicle, now: datetime) -> bool:
    """Tell whether the key is still being watched for."""
    at = vehicle.key_watched_at
    return (
        at is not None
        and now < at + WATCHED_FOR
        and key_state(vehicle) in {KeyState.MISSING, KeyState.CANNOT_TELL}
    )


def pause_after(watched_at: datetime, now: datetime) -> timedelta:
    """Return how long to wait before the next check: the longer, the longer watched."""
    return min(max((now - watched_at) / 3, SHORTEST_PAUSE), LONGEST_PAUSE)


def claim_check(vehicle: Vehicle, now: datetime) -> timedelta | None:
    """Claim the next check; return the pause after it, None when it is not due.

    However many pages and tasks ask, one of them gets it.
    """
    if vehicle.key_watched_at is None or not is_watched(vehicle, now):
        return None
    pause = pause_after(vehicle.key_watched_at, now)
    claimed = Vehicle.objects.filter(
        pk=vehicle.pk, key_check_at__lte=now, key_watched_at=vehicle.key_watched_at
    ).update(key_check_at=now + pause)
    return pause if claimed else None
