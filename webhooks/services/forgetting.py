"""Forget a user's webhooks: nothing is sent afterwards."""

from django.db import transaction

from accounts.models import User
from accounts.services.batches import delete_in_batches
from webhooks.models import Attempt, Delivery, Endpoint, Message
from webhooks.services import locks


def forget(user: User) -> dict[str, int]:
    """Delete all that this app keeps of a user; return how many of each kind.

    Endpoints are disabled first, so that nothing is sent meanwhile. Safe to repeat.
    """
    mine = Endpoint.objects.filter(user=user)
    keys = list(mine.order_by("pk").values_list("pk", flat=True))
    with transaction.atomic():
        locks.locked(keys)
        mine.update(kinds=[], paused_at=user.joined_at)
    attempts = deliveries = 0
    for key in keys:
        attempts += locks.delete_of(key, Attempt.objects.filter(endpoint=key))
        deliveries += locks.delete_of(key, Delivery.objects.filter(endpoint=key))
    return {
        "webhook attempts": attempts,
        "webhook deliveries": deliveries,
        "webhooks": sum(locks.delete(key) for key in keys),
        "webhook messages": delete_in_batches(Message.objects.filter(user=user)),
    }
