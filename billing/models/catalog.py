"""Who takes the money, and for which prices."""

from django.db import models
from django.utils import timezone

from billing.money import Money
from billing.plans import Cycle, Kind


class ProviderName(models.TextChoices):
    """Who takes the money."""

    PADDLE = "paddle", "Paddle"
    STRIPE = "stripe", "Stripe"


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
