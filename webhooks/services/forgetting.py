"""Forget a user's webhooks: nothing is sent afterwards."""

from accounts.models import User
from accounts.services.batches import delete_in_batches
from webhooks.models import Attempt, Delivery, Endpoint, Message


def forget(user: User) -> dict[str, int]:
    """Delete all that this app keeps of a user; return how many of each kind.

    Endpoints are disabled first, so that nothing is sent meanwhile. Safe to repeat.
    """
    mine = Endpoint.objects.filter(user=user)
    mine.update(kinds=[], paused_at=user.joined_at)
    attempts = delete_in_batches(Attempt.objects.filter(endpoint__user=user))
    deliveries = delete_in_batches(Delivery.objects.filter(endpoint__user=user))
    return {
        "webhook attempts": attempts,
        "webhook deliveries": deliveries,
        "webhook messages": delete_in_batches(Message.objects.filter(user=user)),
        "webhooks": delete_in_batches(mine),
    }
