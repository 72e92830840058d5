"""The certificate authority by which cars know us, and the certificates it issued."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class CarAuthority(models.Model):
    """Our own certificate authority: cars are told to trust it, nobody else is.

    `private_pem_sealed` is the PKCS#8 PEM, encrypted with its row and column.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    only = models.BooleanField(default=True, unique=True, editable=False)
    certificate_pem = models.TextField()
    private_pem_sealed = models.TextField()
    not_after = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "car authorities"
        constraints = [
            models.CheckConstraint(condition=Q(only=True), name="one_car_authority")
        ]

    def __str__(self) -> str:
        return f"authority of {self.created_at:%Y-%m-%d}"


class CarCertificateQuerySet(models.QuerySet["CarCertificate"]):
    """Questions about the receiver's certificates."""

    def newest(self, authority: CarAuthority, hostname: str) -> "CarCertificate | None":
        """Return the newest one for this host name by this authority."""
        found = self.filter(authority=authority, hostname=hostname)
        return found.order_by("-not_after", "-pk").first()


class CarCertificate(models.Model):
    """A certificate that the receiver shows to cars, for one host name.

    From `renew_at` on a new one is made; this one is good until `not_after`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    authority = models.ForeignKey(
        CarAuthority, models.CASCADE, related_name="certificates"
    )
    hostname = models.CharField(max_length=255)
    certificate_pem = models.TextField()
    private_pem_sealed = models.TextField()
    renew_at = models.DateTimeField()
    not_after = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager["CarCertificate"]] = (
        CarCertificateQuerySet.as_manager()
    )

    def __str__(self) -> str:
        return f"{self.hostname} until {self.not_after:%Y-%m-%d}"
