"""Subscriptions on their way from one provider to another."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from billing.models.subscriptions import Subscription


class Move(models.Model):
    """A subscription that goes from Stripe to Paddle, and is paid at one of them only.

    The row is the queue: it is due from `try_at` until it is over, and each state says
    what was done for certain. `source` is the subscription that ends at `ends_at`, when
    its paid time is over; `target_id` is the one that is charged from then on. `held_at`
    is since when that is kept from being charged, because the source would not end.
    """

    class State(models.TextChoices):
        """How far it has come."""

        STARTED = "started", "Waiting for the checkout"
        PAID = "paid", "The new subscription is there"
        DATED = "dated", "The new one is charged when the old one is over"
        SWITCHED = "switched", "The old one ends with its paid time"
        DONE = "done", "The old one has ended"
        UNDOING = "undoing", "Being undone"
        UNDONE = "undone", "Undone"
        ABANDONED = "abandoned", "Never paid for"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="moves")
    source = models.ForeignKey(Subscription, models.CASCADE, related_name="moves")
    target_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.STARTED)
    ends_at = models.DateTimeField()
    begun_at = models.DateTimeField(default=timezone.now)
    held_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    try_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(
                    state__in=["started", "paid", "dated", "switched", "undoing"]
                ),
                name="one_open_move_per_user",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_id} to {self.target_id or 'nowhere yet'} ({self.state})"
