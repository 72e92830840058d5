"""How an endpoint does: what arrived, how fast, and what is in the way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, Subquery, Window
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from webhooks.models import Attempt, Delivery, Endpoint

_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Health:
    """Hold the figures of one endpoint; shares are None before the first attempt.

    `state` is `ok`, `new`, `failing`, `paused` or `disabled`. `success_share` (0 to 1)
    and `p95_ms` are of the attempts of the last 24 hours that the log keeps, without
    tests. When nothing is accepted, it is disabled at `disabled_from_at`.
    """

    state: str
    success_share: float | None
    p95_ms: int | None
    attempts: int
    waiting: int
    oldest_waiting_at: datetime | None
    dropped: int
    last_error_kind: str
    last_status: int | None
    failing_since: datetime | None
    disabled_from_at: datetime | None


def health(endpoint: Endpoint) -> Health:
    """Return how an endpoint does; costs three queries."""
    return healths([endpoint])[endpoint.pk]


def healths(endpoints: Sequence[Endpoint]) -> dict[UUID, Health]:
    """Return how endpoints do, by their keys; costs three queries for all of them."""
    keys = [one.pk for one in endpoints]
    is_test = Q(delivery__isnull=False, delivery__purpose=Delivery.Purpose.TEST)
    recent = Attempt.objects.filter(
        ~is_test, endpoint__in=keys, started_at__gte=timezone.now() - _WINDOW
    )
    worked = recent.filter(error_kind="")
    counted = recent.values("endpoint").annotate(
        tried=Count("pk"), accepted=Count("pk", filter=Q(error_kind=""))
    )
    counts = {
        key: (tried, accepted)
        for key, tried, accepted in counted.values_list("endpoint", "tried", "accepted")
    }
    place = Window(
        RowNumber(), partition_by=F("endpoint"), order_by=F("duration_ms").asc()
    )
    of_all = Window(Count("pk"), partition_by=F("endpoint"))
    ranked = worked.annotate(place=place, of_all=of_all)
    p95 = dict(
        ranked.filter(place=(F("of_all") - 1) * 95 / 100 + 1).values_list(
            "endpoint", "duration_ms"
        )
    )
    waiting = {key: (count, oldest_at) for key, count, oldest_at in _waiting(keys)}
    return {
        one.pk: _health(
            one,
            counts.get(one.pk, (0, 0)),
            p95.get(one.pk),
            waiting.get(one.pk, (0, None)),
        )
        for one in endpoints
    }


def _waiting(keys: Sequence[UUID]) -> Iterable[tuple[UUID, int, datetime | None]]:
    """Return how many wait for each endpoint, and when the oldest of them happened."""
    rows = Delivery.objects.filter(endpoint=OuterRef("pk")).pending()
    count = rows.order_by().values("endpoint").annotate(count=Count("pk"))
    oldest = rows.order_by("message").values("message__occurred_at")
    return Endpoint.objects.filter(pk__in=keys).values_list(
        "pk",
        Coalesce(Subquery(count.values("count")), 0),
        Subquery(oldest[:1]),
    )


def _health(
    endpoint: Endpoint,
    counts: tuple[int, int],
    p95_ms: int | None,
    waiting: tuple[int, datetime | None],
) -> Health:
    (tried, accepted), (count, oldest_at) = counts, waiting
    return Health(
        state=_state(endpoint),
        success_share=accepted / tried if tried else None,
        p95_ms=p95_ms,
        attempts=tried,
        waiting=count,
        oldest_waiting_at=oldest_at,
        dropped=endpoint.dropped_count,
        last_error_kind=endpoint.last_error_kind,
        last_status=endpoint.last_status,
        failing_since=endpoint.first_failure_at,
        disabled_from_at=_limit(endpoint),
    )


def _state(endpoint: Endpoint) -> str:
    if endpoint.disabled_at is not None:
        return "disabled"
    if endpoint.paused_at is not None:
        return "paused"
    if endpoint.first_failure_at is not None:
        return "failing"
    return "ok" if endpoint.last_success_at is not None else "new"


def _limit(endpoint: Endpoint) -> datetime | None:
    if endpoint.first_failure_at is None or endpoint.disabled_at is not None:
        return None
    return endpoint.first_failure_at + _WINDOW + timedelta(seconds=endpoint.outage_s)
