"""Whose turn it is: claim a car's wish, note what came of it, and when to go on."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from tokens.models import TeslaGrant
from vehicles.models import TelemetryConfig
from vehicles.services.telemetry.destination import Destination
from vehicles.services.telemetry.refusals import Code

# Longer than a task may run (settings.CELERY_TASK_TIME_LIMIT).
LEASE = timedelta(seconds=130)
MOST_AT_ONCE = 200
_HELD_BACK = timedelta(minutes=1)
_FREE = Q(lease_until=None) | Q(lease_until__lte=Now())


def claim(vin: str) -> TelemetryConfig | None:
    """Take a car's wish that is due; None when it is not, or somebody has it."""
    claimed = TelemetryConfig.objects.filter(
        _FREE, vehicle__vin=vin, next_at__lte=timezone.now()
    ).update(lease_until=Now() + LEASE, attempts=F("attempts") + 1)
    if not claimed:
        return None
    rows = TelemetryConfig.objects.select_related("vehicle", "asked_by")
    return rows.filter(vehicle__vin=vin).first()


def finish(
    row: TelemetryConfig,
    columns: dict[str, Any],
    pause: timedelta,
    *,
    is_answered: bool,
) -> bool:
    """Note what came of a wish, and let go of it; return whether there is a newer one.

    A newer wish keeps its own turn, which is at once.
    """
    mine = TelemetryConfig.objects.filter(pk=row.pk)
    if is_answered:
        columns = {**columns, "answered_generation": row.generation}
    mine.update(**columns)
    settled = mine.filter(generation=row.generation).update(
        next_at=timezone.now() + pause, lease_until=None
    )
    return not settled and bool(mine.update(lease_until=None))


def holds_any() -> bool:
    """Tell whether any car streams, is to stream, or is to stop."""
    return TelemetryConfig.objects.exists()


def due(there: Destination) -> list[str]:
    """Return the cars whose turn has come; all of them where the destination moved."""
    now = timezone.now()
    moved = TelemetryConfig.objects.exclude(destination_digest__in=["", there.digest])
    moved.filter(next_at__gt=now).update(next_at=now)
    rows = TelemetryConfig.objects.filter(_FREE, next_at__lte=now).order_by("next_at")
    return list(rows.values_list("vehicle__vin", flat=True)[:MOST_AT_ONCE])


def hold_back(code: Code, vin: str = "") -> None:
    """Note on each wish that is due, or on one car's, why none can be brought now.

    They come again in a minute. What is in somebody's hands is left alone, and so is a
    car that has what is wanted, and is only to be looked at.
    """
    now = timezone.now()
    is_open = Q(answered_generation__lt=F("generation")) | ~Q(refusal="")
    rows = TelemetryConfig.objects.filter(_FREE, is_open, next_at__lte=now)
    if vin:
        rows = rows.filter(vehicle__vin=vin)
    rows.update(
        refusal=code.value,
        refusal_details="",
        refused_at=now,
        answered_generation=F("generation"),
        next_at=now + _HELD_BACK,
    )


def look_soon(vins: Iterable[str]) -> list[str]:
    """Give cars their turn at once; return those of them that have a wish."""
    rows = TelemetryConfig.objects.filter(vehicle__vin__in=list(vins))
    rows.update(next_at=timezone.now())
    return list(rows.values_list("vehicle__vin", flat=True))


def try_again_with(grant: TeslaGrant) -> None:
    """Let the grant's cars that waited for a person have their turn.

    For a link, for scopes, or for the virtual key, where that is known to be there.
    """
    linked = Q(refusal__in=[Code.RELINK, Code.MISSING_SCOPE])
    paired = Q(refusal=Code.MISSING_KEY, vehicle__key_paired=True)
    mine = TelemetryConfig.objects.filter(vehicle__accesses__grant=grant)
    mine.filter(linked | paired).update(next_at=timezone.now(), attempts=0)


def backed_off(attempts: int, least: timedelta, most: timedelta) -> timedelta:
    """Return how long to wait after so many tries: twice as long each time."""
    doubled: timedelta = least * 2 ** min(max(attempts - 1, 0), 16)
    return min(doubled, most)


def pause_since(
    moment: datetime, now: datetime, least: timedelta, most: timedelta
) -> timedelta:
    """Return how long to wait before one looks again: the longer, the longer ago."""
    return min(max((now - moment) / 3, least), most)
