"""What the owner must look at."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


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
        CHARGED_TWICE = (
            "charged_twice",
            "One user would be charged by two providers. End one of the subscriptions.",
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
