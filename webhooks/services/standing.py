"""How an endpoint stands after what came of its requests, and when to give up on it.

An endpoint is disabled when nothing was accepted for 24 hours, counted from the first
failed delivery; silence disables nobody. Tests count for nothing; one that is accepted
only has what waits sent at once.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from webhooks.models import Delivery, Endpoint
from webhooks.outcomes import (
    CIRCUIT_FAILURES,
    CIRCUIT_STEPS_S,
    ErrorKind,
    Tried,
    wait_s,
)

GIVE_UP_AFTER = timedelta(hours=24)
# Who was not tried for longer may be well by now: it is asked first.
TRIED_WITHIN = timedelta(hours=1)
# A day of failures is many of them, in several hours: not one late message.
LEAST_FAILURES = 10
LEAST_HOURS = 3
_GONE = 410
_COLUMNS = (
    *("first_failure_at", "last_success_at", "last_attempt_at", "last_error_kind"),
    *("last_status", "consecutive_failures", "failed_hours", "outage_s", "outage_at"),
    *("notices", "closed_until", "disabled_at", "disabled_reason"),
    *("delivered_count", "failed_count", "dropped_count"),
)


def note(
    locked: Iterable[Endpoint],
    tried: Iterable[Tried],
    dropped: dict[UUID, int],
    now: datetime,
) -> dict[UUID, int]:
    """Count what came of requests, oldest first; return who recovered, after how many.

    That is how many failures on end are over. Those are among them that fail still, but
    accepted a test: it is worth a try. Call it inside the transaction that locked the
    endpoints. `dropped` says how many pieces of data an endpoint was not told.
    """
    by_endpoint: dict[UUID, list[Tried]] = {}
    for one in tried:
        by_endpoint.setdefault(one.endpoint_id, []).append(one)
    recovered = {}
    for endpoint in locked:
        before = [getattr(endpoint, name) for name in _COLUMNS]
        failures = _note_all(endpoint, by_endpoint.get(endpoint.pk, ()), now)
        if failures:
            recovered[endpoint.pk] = failures
        endpoint.dropped_count += dropped.get(endpoint.pk, 0)
        changed = [
            name
            for name, old in zip(_COLUMNS, before, strict=True)
            if getattr(endpoint, name) != old
        ]
        # Nothing changed means that nothing is written.
        endpoint.save(update_fields=changed)
    return recovered


def _note_all(endpoint: Endpoint, tried: Iterable[Tried], now: datetime) -> int:
    """Count what came of an endpoint's requests; return how many failures are over."""
    over, last = 0, None
    for one in tried:
        if one.purpose == Delivery.Purpose.TEST:
            over = max(over, _tested(endpoint, one))
            continue
        if one.outcome.has_worked:
            # Most of them work: the last one of a run says it for all.
            endpoint.delivered_count += one.events_before + one.events
            last = one
            continue
        if last is not None:
            over = max(over, _succeeded(endpoint, last))
            last = None
        _failed(endpoint, one, now)
    if last is not None:
        over = max(over, _succeeded(endpoint, last))
    return over


def disable(endpoint: Endpoint, reason: Endpoint.Disabled, now: datetime) -> None:
    """Send nothing any more; what waited can be sent again later. Saves deliveries."""
    endpoint.disabled_at = now
    endpoint.disabled_reason = reason
    Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.PENDING).exclude(
        purpose=Delivery.Purpose.TEST
    ).update(state=Delivery.State.DISABLED, done_at=now, lease_until=None)


def hasten(
    endpoint: Endpoint, now: datetime, *, from_at: datetime | None = None
) -> None:
    """Have what waits sent at once, or from a time on. Saves deliveries.

    Call it inside the transaction that locked the endpoint, whose row is not saved.
    """
    endpoint.closed_until = from_at
    waiting = Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.PENDING)
    waiting.filter(next_at__gt=now).update(next_at=now)


def is_lost(endpoint: Endpoint, now: datetime) -> bool:
    """Tell whether nothing was accepted for so long that it is to be disabled."""
    return (
        endpoint.failing_for(now) >= GIVE_UP_AFTER
        and endpoint.consecutive_failures >= LEAST_FAILURES
        and endpoint.failed_hours >= LEAST_HOURS
        and endpoint.last_attempt_at is not None
        and now - endpoint.last_attempt_at <= TRIED_WITHIN
        # Our own line is down, or our keys are gone: that says nothing about it.
        and endpoint.outage_at is None
        and endpoint.last_error_kind != ErrorKind.SECRETS
    )


def _tested(endpoint: Endpoint, one: Tried) -> int:
    """Return how many failures a test says are over; count nothing."""
    if not one.outcome.has_worked:
        return 0
    endpoint.closed_until = None
    return _failures(endpoint)


def _failures(endpoint: Endpoint) -> int:
    """Return after how many failures on end it works, 0 when it worked before."""
    return (
        0 if endpoint.first_failure_at is None else endpoint.consecutive_failures or 1
    )


def _succeeded(endpoint: Endpoint, one: Tried) -> int:
    """Note that it works; return how many failures are over."""
    over = _failures(endpoint)
    endpoint.first_failure_at = None
    endpoint.consecutive_failures = endpoint.failed_hours = 0
    endpoint.outage_s = endpoint.notices = 0
    endpoint.outage_at = endpoint.closed_until = None
    endpoint.last_success_at = endpoint.last_attempt_at = one.started_at
    endpoint.last_status, endpoint.last_error_kind = one.outcome.status, ""
    return over


def _failed(endpoint: Endpoint, one: Tried, now: datetime) -> None:
    before = endpoint.last_attempt_at
    if before is not None and endpoint.last_error_kind == ErrorKind.SECRETS:
        # Nothing was sent since then, by no fault of the receiver's.
        unsent = one.started_at - before
        endpoint.outage_s += max(0, round(unsent.total_seconds()))
    if endpoint.first_failure_at is None:
        endpoint.first_failure_at = one.started_at
        endpoint.failed_hours = 1
    elif before is None or _hour(before) != _hour(one.started_at):
        endpoint.failed_hours += 1
    endpoint.consecutive_failures += 1
    endpoint.failed_count += one.events
    endpoint.last_attempt_at = one.started_at
    endpoint.last_status = one.outcome.status
    endpoint.last_error_kind = one.outcome.error_kind
    beyond = endpoint.consecutive_failures - CIRCUIT_FAILURES + 1
    if beyond > 0:
        seconds = wait_s(CIRCUIT_STEPS_S, beyond, one.outcome)
        endpoint.closed_until = now + timedelta(seconds=seconds)
    if endpoint.disabled_at is not None:
        return
    if one.outcome.status == _GONE:
        disable(endpoint, Endpoint.Disabled.GONE, now)


def _hour(at: datetime) -> int:
    return int(at.timestamp()) // 3600
