"""The certificates by which cars know the receiver; their keys are not shown."""

from django.contrib.admin import register

from console.admin.base import OperatorAdmin
from telemetry.models import CarAuthority, CarCertificate


@register(CarAuthority)
class CarAuthorityAdmin(OperatorAdmin[CarAuthority]):
    """The authority that cars are told to trust."""

    list_display = ("__str__", "created_at", "not_after")
    ordering = ("-created_at",)


@register(CarCertificate)
class CarCertificateAdmin(OperatorAdmin[CarCertificate]):
    """The certificates of the receiver."""

    list_display = ("hostname", "created_at", "renew_at", "not_after")
    list_filter = ("hostname",)
    search_fields = ("hostname",)
    ordering = ("-created_at",)
