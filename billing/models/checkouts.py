"""Intents to pay."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from billing.models.catalog import ProviderName
from billing.plans import Cycle, Selection


class Checkout(models.Model):
    """One intent to pay: what was selected, and the provider's transaction for it.

    A user has at most one open checkout of a new subscription, whatever is clicked; that
    of a `move` costs nothing for `trial_days`.
    `asked_at` says that the provider was asked for a transaction: one whose answer was
    lost is looked for before another is asked for. It stays open until what was paid for
    is known here: `subscription_id` alone says that the payment was made.
    """

    class Purpose(models.TextChoices):
        """What the payment is for."""

        SUBSCRIBE = "subscribe", "a new subscription"
        PAYMENT_METHOD = "payment_method", "new payment details"
        MOVE = "move", "the move from another provider"

    class State(models.TextChoices):
        """How far it has come."""

        OPEN = "open", "Open"
        COMPLETED = "completed", "Completed"
        CLOSED = "closed", "Closed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="checkouts")
    provider = models.CharField(max_length=8, choices=ProviderName)
    purpose = models.CharField(max_length=16, choices=Purpose)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    currency = models.CharField(max_length=3)
    cycle = models.CharField(max_length=8, choices=Cycle)
    vehicles = models.PositiveIntegerField(default=0)
    sites = models.PositiveIntegerField(default=0)
    products = models.JSONField(default=list)
    customer_id = models.CharField(max_length=64, blank=True)
    transaction_id = models.CharField(max_length=64, blank=True)
    subscription_id = models.CharField(max_length=64, blank=True)
    move = models.ForeignKey(
        "billing.Move", models.CASCADE, null=True, related_name="checkouts"
    )
    trial_days = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(default=timezone.now)
    asked_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state="open", purpose__in=["subscribe", "move"]),
                name="one_open_checkout_per_user",
            ),
            models.UniqueConstraint(
                fields=["provider", "transaction_id"],
                condition=~Q(transaction_id=""),
                name="one_checkout_per_transaction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.transaction_id or 'not begun'}"

    @property
    def selection(self) -> Selection:
        """Return what is to be paid for."""
        return Selection(
            self.currency,
            self.cycle,
            self.vehicles,
            self.sites,
            tuple(self.products),
        )

    @property
    def is_paid(self) -> bool:
        """Tell whether it led to a subscription, be that known here yet or not."""
        renews = self.purpose == self.Purpose.PAYMENT_METHOD
        return bool(self.subscription_id) and not renews
