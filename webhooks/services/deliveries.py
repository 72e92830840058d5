"""Look through deliveries and attempts, and send again what was missed."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from webhooks.errors import NothingToResend, NotSending
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.services import locks, standing

_OVER = (
    Delivery.State.DELIVERED,
    Delivery.State.FAILED,
    Delivery.State.EXPIRED,
    Delivery.State.DISABLED,
)
_MISSED = (Delivery.State.FAILED, Delivery.State.EXPIRED, Delivery.State.DISABLED)


def newest(
    endpoint: Endpoint, *, state: str = "", most: int = 50
) -> QuerySet[Delivery]:
    """Return an endpoint's newest deliveries with their messages, of one state or all."""
    found = Delivery.objects.filter(endpoint=endpoint).select_related("message")
    if state:
        found = found.filter(state=state)
    return found.order_by("-pk")[:most]


def attempts(endpoint: Endpoint, *, most: int = 100) -> QuerySet[Attempt]:
    """Return an endpoint's newest attempts, of events and of data."""
    found = Attempt.objects.filter(endpoint=endpoint).select_related("delivery")
    return found.order_by("-pk")[:most]


def resend(user: User, delivery_id: int) -> Delivery:
    """Send one delivery once more, under the same name; return it, waiting.

    One that still waits is sent at once. Raises `NothingToResend` when there is none of
    this user's, and `NotSending` when the endpoint is disabled.
    """
    found = Delivery.objects.filter(pk=delivery_id, endpoint__user=user)
    delivery = found.select_related("endpoint", "message").first()
    if delivery is None:
        raise NothingToResend
    if delivery.endpoint.disabled_at is not None:
        raise NotSending
    if not _again(delivery.endpoint_id, Delivery.objects.filter(pk=delivery.pk)):
        raise NothingToResend
    delivery.refresh_from_db(fields=["state", "tries", "next_at", "asked_at"])
    return delivery


def resend_since(user: User, endpoint: Endpoint, when: datetime) -> int:
    """Send again what did not arrive since a time, the oldest first; return how many.

    Tests and probes stay out. Raises `NothingToResend` for another user's endpoint,
    and `NotSending` when it is disabled.
    """
    if endpoint.user_id != user.pk:
        raise NothingToResend
    if endpoint.disabled_at is not None:
        raise NotSending
    missed = Delivery.objects.filter(
        endpoint=endpoint,
        purpose=Delivery.Purpose.EVENT,
        state__in=_MISSED,
        message__occurred_at__gte=when,
    )
    return _again(endpoint.pk, missed)


def _again(endpoint_id: UUID, rows: QuerySet[Delivery]) -> int:
    now = timezone.now()
    with transaction.atomic():
        for endpoint in locks.locked([endpoint_id]):
            # What is asked for by hand is not held up by what waits before it.
            standing.hasten(endpoint, now)
            endpoint.save(update_fields=["closed_until"])
        still = rows.filter(state=Delivery.State.PENDING).update(next_at=now)
        return still + rows.filter(state__in=_OVER).update(
            state=Delivery.State.PENDING,
            tries=0,
            next_at=now,
            asked_at=now,
            lease_until=None,
            done_at=None,
        )
