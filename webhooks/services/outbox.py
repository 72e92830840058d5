"""Turn events of the streams into rows that are not lost any more."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from webhooks.models import Delivery, Message
from webhooks.services import locks


@dataclass(frozen=True, slots=True)
class News:
    """Hold one event as it was read: for whom, about what, and its own name."""

    message_id: str
    user_id: UUID
    topic: str
    product: str
    body: bytes
    at_ms: int


def take(news: Iterable[tuple[News, Iterable[UUID]]]) -> int:
    """Store events with a delivery for each endpoint; return how many deliveries.

    All or none, in one transaction. What is there already stays as it is, so that an
    event read twice is sent once. Endpoints and people who are gone are passed over.
    """
    wanted = [(one, set(ids)) for one, ids in news]
    with transaction.atomic():
        endpoint_ids = {key for _, ids in wanted for key in ids}
        found = locks.locked(endpoint_ids)
        users = {one.user_id for one in found}
        staying = set(
            User.objects.filter(pk__in=users, leaving_at=None).values_list(
                "pk", flat=True
            )
        )
        there = {one.pk for one in found if one.user_id in staying}
        kept = [(one, ids & there) for one, ids in wanted if ids & there]
        Message.objects.bulk_create(
            [_message(one) for one, _ in kept], ignore_conflicts=True, batch_size=500
        )
        deliveries = [
            Delivery(message_id=one.message_id, endpoint_id=key)
            for one, ids in kept
            for key in sorted(ids)
        ]
        Delivery.objects.bulk_create(deliveries, ignore_conflicts=True, batch_size=500)
    return len(deliveries)


def _message(one: News) -> Message:
    return Message(
        id=one.message_id,
        user_id=one.user_id,
        topic=one.topic,
        product=one.product,
        body=one.body.decode("utf-8", "replace"),
        occurred_at=datetime.fromtimestamp(one.at_ms / 1000, UTC),
    )
