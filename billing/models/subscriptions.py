"""Subscriptions as providers told of them, and whose they are."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import User
from billing.models.catalog import ProviderName
from billing.plans import Cycle, Selection
from billing.policy import Standing


class Customer(models.Model):
    """A user as a provider knows them."""

    user = models.ForeignKey(User, models.CASCADE, related_name="customers")
    provider = models.CharField(max_length=8, choices=ProviderName)
    external_id = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "external_id"], name="one_user_per_customer"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Questions about subscriptions."""

    def of(self, user: User) -> "SubscriptionQuerySet":
        """Keep a user's subscriptions, the newest first."""
        return self.filter(user=user).order_by("-started_at", "-created_at")

    def running(self) -> "SubscriptionQuerySet":
        """Keep those that have not ended for good."""
        return self.exclude(
            status__in=[Subscription.Status.CANCELED, Subscription.Status.INCOMPLETE]
        )


class Subscription(models.Model):
    """A user's subscription at a provider, as the provider last told it.

    `occurred_at` is when that came to be; older news changes nothing. `provider_status`
    is the provider's own word. Only what the catalog knows is counted in `vehicles` and
    `sites`. `past_due_at` is since when a payment fails, `withdrawn_at` since when a
    refund or a chargeback has taken the last payment back. Work at the provider belongs
    to whoever holds the lease.
    """

    class Status(models.TextChoices):
        """The states that all providers have, under one name each."""

        INCOMPLETE = "incomplete", "Not paid yet"
        TRIALING = "trialing", "Trial"
        ACTIVE = "active", "Active"
        PAST_DUE = "past_due", "Payment overdue"
        PAUSED = "paused", "Paused"
        CANCELED = "canceled", "Canceled"

    class Action(models.TextChoices):
        """What is scheduled to happen at the end of the paid time."""

        CANCEL = "cancel", "ends"
        PAUSE = "pause", "pauses"
        RESUME = "resume", "resumes"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="subscriptions")
    provider = models.CharField(max_length=8, choices=ProviderName)
    external_id = models.CharField(max_length=64)
    customer_id = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.INCOMPLETE)
    provider_status = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    cycle = models.CharField(max_length=8, choices=Cycle)
    vehicles = models.PositiveIntegerField(default=0)
    sites = models.PositiveIntegerField(default=0)
    products = models.JSONField(default=list)
    paid_until = models.DateTimeField(null=True)
    next_billed_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    past_due_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    scheduled_action = models.CharField(max_length=8, choices=Action, blank=True)
    scheduled_at = models.DateTimeField(null=True)
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)

    objects: ClassVar[SubscriptionQuerySet] = SubscriptionQuerySet.as_manager()  # type: ignore[assignment]  # a manager with the methods of the query set

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "external_id"], name="one_row_per_subscription"
            )
        ]

    def __str__(self) -> str:
        return f"{self.external_id} ({self.status})"

    @property
    def selection(self) -> Selection:
        """Return what is subscribed to."""
        return Selection(
            self.currency,
            self.cycle,
            self.vehicles,
            self.sites,
            tuple(self.products),
        )

    def includes(self, product: str) -> bool:
        """Tell whether a vehicle (VIN) or a site (id as text) is among what is paid for.

        One that names none was bought by numbers alone, and includes them all. No more
        of a kind count than are paid for, the first that were named.
        """
        if not self.products:
            return True
        is_site = product.isdecimal()
        named = [one for one in self.products if one.isdecimal() == is_site]
        return product in named[: self.sites if is_site else self.vehicles]

    def standing(self, now: datetime) -> Standing:
        """Return how it stands at a moment, for the policy table."""
        if not self.vehicles and not self.sites:
            return Standing.NEVER
        if self.withdrawn_at is not None:
            return Standing.ENDED
        if self.status == self.Status.PAST_DUE:
            grace = timedelta(days=settings.BILLING_GRACE_DAYS)
            since = self.past_due_at or self.occurred_at
            return Standing.GRACE if now < since + grace else Standing.OVERDUE
        if self.status == self.Status.CANCELED:
            until = self.paid_until
            return Standing.ENDING if until and now < until else Standing.ENDED
        return _PLAIN_STANDINGS[self.Status(self.status)]


_PLAIN_STANDINGS = {
    Subscription.Status.INCOMPLETE: Standing.NEVER,
    Subscription.Status.TRIALING: Standing.TRIALING,
    Subscription.Status.ACTIVE: Standing.ACTIVE,
    Subscription.Status.PAUSED: Standing.PAUSED,
}
