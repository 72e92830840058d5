"""Subscriptions, what leads to them, and what providers told of them."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from billing.money import Money
from billing.plans import Cycle, Kind, Selection
from billing.policy import Standing


class ProviderName(models.TextChoices):
    """Who takes the money."""

    PADDLE = "paddle", "Paddle"


class CatalogPrice(models.Model):
    """A provider's price in one currency, as it was last read there.

    `minor` counts the currency's smallest unit. `countries` (two letters each) are
    those where this currency is charged unless US dollars are asked for.
    """

    provider = models.CharField(max_length=8, choices=ProviderName)
    external_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind)
    cycle = models.CharField(max_length=8, choices=Cycle)
    currency = models.CharField(max_length=3)
    minor = models.BigIntegerField()
    countries = models.JSONField(default=list)
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "external_id", "currency"],
                name="one_catalog_price_per_currency",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} by the {self.cycle}: {Money(self.minor, self.currency)}"


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


class Checkout(models.Model):
    """One intent to pay: what was selected, and the provider's transaction for it.

    A user has at most one open checkout of a new subscription, whatever is clicked.
    `asked_at` says that the provider was asked for a transaction: one whose answer was
    lost is looked for before another is asked for.
    """

    class Purpose(models.TextChoices):
        """What the payment is for."""

        SUBSCRIBE = "subscribe", "a new subscription"
        PAYMENT_METHOD = "payment_method", "new payment details"

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
    opened_at = models.DateTimeField(default=timezone.now)
    asked_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state="open", purpose="subscribe"),
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


class ProviderEvent(models.Model):
    """One notification of a provider, stored once, applied once.

    The row is the queue: it is due until `processed_at` is set. `subject` is the
    external id of what it tells about. `user` is known once it was applied.
    """

    class Outcome(models.TextChoices):
        """What became of it."""

        WAITING = "", "Waiting"
        APPLIED = "applied", "Applied"
        STALE = "stale", "Older than what is known"
        IGNORED = "ignored", "Tells nothing that is used"
        UNKNOWN = "unknown", "Of nobody that is known here"
        FAILED = "failed", "Could not be read"

    provider = models.CharField(max_length=8, choices=ProviderName)
    event_id = models.CharField(max_length=80)
    event_type = models.CharField(max_length=80)
    subject = models.CharField(max_length=64, blank=True, db_index=True)
    user = models.ForeignKey(
        User, models.CASCADE, null=True, related_name="provider_events"
    )
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    processed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    body = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "event_id"], name="one_row_per_event"
            )
        ]
        indexes = [
            models.Index(
                fields=["occurred_at"],
                condition=Q(processed_at=None),
                name="provider_event_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.event_id}"


class Invoice(models.Model):
    """A payment that was made. It stays when its user goes, without saying who."""

    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="invoices")
    provider = models.CharField(max_length=8, choices=ProviderName)
    transaction_id = models.CharField(max_length=64)
    subscription_id = models.CharField(max_length=64, blank=True)
    number = models.CharField(max_length=64, blank=True)
    minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    billed_at = models.DateTimeField()

    class Meta:
        ordering = ["-billed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "transaction_id"], name="one_row_per_invoice"
            )
        ]

    def __str__(self) -> str:
        return self.number or self.transaction_id

    @property
    def total(self) -> Money:
        """Return what was paid, tax included."""
        return Money(self.minor, self.currency)


class Alert(models.Model):
    """Something that the owner must look at; open until the owner settles it.

    `subject` is an external id, never anything secret.
    """

    class Code(models.TextChoices):
        """What is wrong, in words for the owner."""

        KEY_EXPOSED = (
            "key_exposed",
            "The provider found its API key exposed on the internet. Replace it at once.",
        )
        UNKNOWN_SUBJECT = (
            "unknown_subject",
            "The provider told of a subscription that belongs to nobody here.",
        )
        FOREIGN_CLAIM = (
            "foreign_claim",
            "A payment names another user's checkout. It was not counted.",
        )
        FOREIGN_PRICE = (
            "foreign_price",
            "A subscription has a price that is not in the catalog. It opens nothing.",
        )
        WRONG_AMOUNT = (
            "wrong_amount",
            "A payment's amount or currency is not the catalog's.",
        )
        CHARGEBACK = ("chargeback", "A payment was charged back.")
        TWO_SUBSCRIPTIONS = (
            "two_subscriptions",
            "One user would be charged for two subscriptions.",
        )
        NOT_CANCELED = (
            "not_canceled",
            "A subscription could not be canceled at its provider. Cancel it there.",
        )

    code = models.CharField(max_length=20, choices=Code)
    subject = models.CharField(max_length=80)
    raised_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-raised_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "subject"],
                condition=Q(settled_at=None),
                name="one_open_alert_per_subject",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}"
