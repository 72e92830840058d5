"""How an endpoint does: what arrived, how fast, and what is in the way."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from webhooks.models import Attempt, Delivery, Endpoint

_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Health:
    """Hold the figures of one endpoint; shares are None before the first attempt.

    `state` is `ok`, `new`, `failing`, `paused` or `disabled`. `success_share` (0 to 1)
    and `p95_ms` are of the attempts of the last 24 hours that the log keeps. When
    nothing is accepted, it is disabled at `disabled_from_at`.
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
    since = timezone.now() - _WINDOW
    recent = list(
        Attempt.objects.filter(endpoint=endpoint, started_at__gte=since)
        .order_by("duration_ms")
        .values_list("duration_ms", "error_kind")
    )
    worked = [ms for ms, error_kind in recent if not error_kind]
    waiting = Delivery.objects.filter(endpoint=endpoint).pending()
    oldest = waiting.order_by("message").values_list("message__occurred_at", flat=True)
    return Health(
        state=_state(endpoint),
        success_share=len(worked) / len(recent) if recent else None,
        p95_ms=worked[int(0.95 * (len(worked) - 1))] if worked else None,
        attempts=len(recent),
        waiting=waiting.count(),
        oldest_waiting_at=oldest.first(),
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
