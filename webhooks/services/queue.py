"""The queue of deliveries: rows are claimed by a lease and finished with what came.

No lock of the database is held while anything is sent.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from webhooks.models import Attempt, Delivery
from webhooks.outcomes import (
    CIRCUIT_FAILURES,
    EVENT_LIFETIME,
    STEPS_S,
    Tried,
    text_of,
    wait_s,
)
from webhooks.services import claiming, locks, standing

LEASE = timedelta(seconds=30)
RUN = 10
# Of data and at once; with the usual rate that is all of it.
MOST_LOGGED = 10


@dataclass(frozen=True, slots=True)
class Claimed:
    """Hold one delivery that this process may send until `lease_until`."""

    delivery_id: int
    endpoint_id: UUID
    message_id: str
    topic: str
    product: str
    body: bytes
    purpose: str
    number: int


def claim(
    now: datetime, endpoint_ids: Collection[UUID], *, most: int = 100, run: int = RUN
) -> dict[UUID, list[Claimed]]:
    """Lease what is due, a run of the oldest for each of these endpoints.

    An endpoint of which anything is leased is left alone, so that its events arrive in
    their order. One that fails again and again gets a single delivery.
    """
    if not claiming.is_any_due(now):
        return {}
    with transaction.atomic():
        free = claiming.lock_free(now, endpoint_ids, most)
        if not free:
            return {}
        chosen = claiming.oldest(now, free, run)
        Delivery.objects.filter(pk__in=[one.pk for one in chosen]).update(
            lease_until=now + LEASE
        )
    found: dict[UUID, list[Claimed]] = {}
    for one in chosen:
        found.setdefault(one.endpoint_id, []).append(_claimed(one))
    return found


def release(delivery_ids: Collection[int]) -> None:
    """Give back leased deliveries that were not sent."""
    Delivery.objects.filter(pk__in=delivery_ids).pending().update(lease_until=None)


def finish(tried: Sequence[Tried], dropped: dict[UUID, int], now: datetime) -> None:
    """Store what came of requests: deliveries, endpoints and the log, all or none.

    Data, which has no delivery, is counted and logged alone.
    """
    with transaction.atomic():
        found = locks.locked({*dropped, *(one.endpoint_id for one in tried)})
        recovered = standing.note(found, tried, dropped, now)
        for one in tried:
            if one.delivery_id is not None:
                _finish(one.delivery_id, one, now)
        if recovered:
            _wake(recovered, now)
        _log(tried, {one.pk for one in found})


def _claimed(one: Delivery) -> Claimed:
    return Claimed(
        delivery_id=one.pk,
        endpoint_id=one.endpoint_id,
        message_id=one.message_id,
        topic=one.message.topic,
        product=one.message.product,
        body=one.message.body.encode(),
        purpose=one.purpose,
        number=one.attempts + 1,
    )


def _finish(key: int, one: Tried, now: datetime) -> None:
    row = Delivery.objects.filter(pk=key, state=Delivery.State.PENDING)
    counted = {"attempts": F("attempts") + 1, "tries": F("tries") + 1}
    if one.outcome.has_worked:
        # It arrived, whatever became of the row meanwhile.
        Delivery.objects.filter(pk=key).update(
            state=Delivery.State.DELIVERED, done_at=now, lease_until=None, **counted
        )
        return
    found = row.values_list("tries", "asked_at", "purpose").first()
    if found is None:
        return
    tries, asked_at, purpose = found
    seconds = wait_s(STEPS_S, tries + 1, one.outcome)
    next_at = now + timedelta(seconds=seconds)
    if purpose != Delivery.Purpose.EVENT or next_at > asked_at + EVENT_LIFETIME:
        row.update(
            state=Delivery.State.FAILED, done_at=now, lease_until=None, **counted
        )
    else:
        row.update(next_at=next_at, lease_until=None, **counted)


def _wake(recovered: Mapping[UUID, int], now: datetime) -> None:
    """Have what waits for endpoints that are well sent at once.

    What is refused while all else is accepted keeps to its schedule, after a few tries.
    """
    long = [key for key, over in recovered.items() if over >= CIRCUIT_FAILURES]
    waiting = Delivery.objects.filter(endpoint__in=recovered, next_at__gt=now).pending()
    waiting.filter(Q(endpoint__in=long) | Q(tries__lt=CIRCUIT_FAILURES)).update(
        next_at=now
    )


def _log(tried: Sequence[Tried], there: set[UUID]) -> None:
    """Store attempts: of events all, of data the newest of each endpoint."""
    logged, left = [], dict.fromkeys((one.endpoint_id for one in tried), MOST_LOGGED)
    for one in reversed(tried):
        if one.delivery_id is None:
            left[one.endpoint_id] -= 1
        if one.delivery_id is not None or left[one.endpoint_id] >= 0:
            logged.append(one)
    ids = [one.delivery_id for one in tried if one.delivery_id is not None]
    kept = set(Delivery.objects.filter(pk__in=ids).values_list("pk", flat=True))
    Attempt.objects.bulk_create(
        [_attempt(one, kept) for one in reversed(logged) if one.endpoint_id in there],
        batch_size=500,
    )


def _attempt(one: Tried, kept: set[int]) -> Attempt:
    return Attempt(
        endpoint_id=one.endpoint_id,
        delivery_id=one.delivery_id if one.delivery_id in kept else None,
        message_id_text=one.message_id,
        topic=one.topic,
        product=one.product,
        events=one.events,
        number=one.number,
        started_at=one.started_at,
        duration_ms=one.outcome.duration_ms,
        http_status=one.outcome.status,
        error_kind=one.outcome.error_kind,
        request_headers=one.shown_headers(),
        request_excerpt=text_of(one.body),
        response_excerpt=one.outcome.excerpt,
        remote_ip=one.outcome.remote_ip,
    )
