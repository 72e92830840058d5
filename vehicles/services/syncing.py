"""When the cars of a grant are listed anew."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from tokens.models import TeslaGrant

EVERY = timedelta(minutes=10)
AGAIN_AFTER = timedelta(minutes=2)


def due(now: datetime) -> list[UUID]:
    """Return the usable grants whose list of cars is missing or old."""
    old = Q(synced_vehicles_at=None) | Q(synced_vehicles_at__lte=now - EVERY)
    return list(
        TeslaGrant.objects.usable()
        .filter(old)
        .order_by("synced_vehicles_at", "pk")
        .values_list("pk", flat=True)
    )


def put_off(grant: TeslaGrant, now: datetime) -> None:
    """Note that listing failed, so that it is tried again a little later, not at once.

    A grant that was never listed stays due.
    """
    TeslaGrant.objects.filter(pk=grant.pk, synced_vehicles_at__isnull=False).update(
        synced_vehicles_at=now - EVERY + AGAIN_AFTER
    )
