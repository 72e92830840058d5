"""Find what is to be sent next, by index: one endpoint's backlog costs no other's time."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from webhooks.models import Delivery, Endpoint
from webhooks.outcomes import CIRCUIT_FAILURES

_OF_ENDPOINT = {"endpoint": OuterRef("pk")}


def is_any_due(now: datetime) -> bool:
    """Tell whether there is anything to look for, which mostly there is not."""
    return _due(now).exists()


def lock_free(now: datetime, endpoint_ids: Collection[UUID], most: int) -> list[UUID]:
    """Lock endpoints of which something is due and nothing leased, the oldest first.

    Those that another process has locked are passed over.
    """
    due = _due(now).filter(**_OF_ENDPOINT).order_by("message_id").values("next_at")
    tests = due.filter(purpose=Delivery.Purpose.TEST)
    rows = Endpoint.objects.select_for_update(
        skip_locked=connection.features.has_select_for_update_skip_locked,
        of=("self",) if connection.features.has_select_for_update_of else (),
    )
    found = (
        rows.filter(~_is_leased(now), pk__in=list(endpoint_ids))
        .annotate(
            due_at=Coalesce(
                Subquery(tests[:1]), Case(When(_open(now), then=Subquery(due[:1])))
            )
        )
        .filter(due_at__isnull=False)
        .order_by("due_at", "pk")
    )
    return list(found.values_list("pk", flat=True)[:most])


def oldest(now: datetime, locked: Iterable[UUID], run: int) -> list[Delivery]:
    """Return the oldest that is due of each locked endpoint, `run` of them at most.

    One that fails again and again gets a single one, one that is closed its tests.
    """
    due = _due(now).filter(**_OF_ENDPOINT).order_by("message_id").values("message_id")
    # Asked anew: another process may have leased some just before the lock.
    free = Endpoint.objects.filter(~_is_leased(now), pk__in=list(locked)).annotate(
        is_open=Case(When(_open(now), then=True), default=False),
        first=Case(When(_open(now), then=Subquery(due[:1]))),
        last=Case(When(_open(now), then=Subquery(due[run - 1 : run]))),
    )
    wanted = Q(pk__in=())
    for key, failures, is_open, first, last in free.values_list(
        "pk", "consecutive_failures", "is_open", "first", "last"
    ):
        part = Q(endpoint=key)
        if not is_open:
            part &= Q(purpose=Delivery.Purpose.TEST)
        elif failures >= CIRCUIT_FAILURES:
            part &= Q(message=first)
        elif last is not None:
            part &= Q(message__lte=last)
        wanted |= part
    found = _due(now).filter(wanted).select_related("message")
    return list(found.order_by("endpoint", "message_id"))


def _due(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now),
        state=Delivery.State.PENDING,
        next_at__lte=now,
    )


def _open(now: datetime) -> Q:
    return Q(
        Q(closed_until=None) | Q(closed_until__lte=now),
        paused_at=None,
        disabled_at=None,
    )


def _is_leased(now: datetime) -> Exists:
    return Exists(
        Delivery.objects.filter(
            state=Delivery.State.PENDING, lease_until__gt=now, **_OF_ENDPOINT
        )
    )
