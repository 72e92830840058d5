"""What providers notified, and what was paid."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.fields import LenientJSONField
from accounts.models import User
from billing.models.catalog import ProviderName
from billing.money import Money


class ProviderEvent(models.Model):
    """One notification of a provider, stored once, applied once.

    The row is the queue: it is due until `processed_at` is set. `subject` is the
    external id of what it tells about. `user` is known once it was applied.
    """

    class Outcome(models.TextChoices):
        """What became of it."""

        WAITING = "", "Waiting"
        APPLIED = "applied", "Applied"
        TIED = "tied", "Of the same second as other news; to be read again"
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
    body = LenientJSONField()

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


class Forgotten(models.Model):
    """Something at a provider whose user has left: news of it are nobody's, and kept so.

    `digest` is the SHA-256 of its external id, in hex: it can be recognized, not read.
    """

    provider = models.CharField(max_length=8, choices=ProviderName)
    digest = models.CharField(max_length=64)
    forgotten_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "digest"], name="one_row_per_forgotten_id"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.digest[:8]}"


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
