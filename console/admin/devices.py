"""Cars and energy sites, and which Tesla accounts see them."""

from django.contrib.admin import display, register
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from console.admin.base import OperatorAdmin, link
from energy.models import EnergySite
from vehicles.models import TelemetryConfig, Vehicle

_OF_GRANT = "accesses__grant__id__exact"


@register(Vehicle)
class VehicleAdmin(OperatorAdmin[Vehicle]):
    """Cars: state and key, not where they are."""

    list_display = ("vin", "name", "state", "state_at", "key_paired", "firmware")
    list_filter = ("state", "key_paired", "command_signing")
    search_fields = ("vin", "name", "accesses__grant__user__email")
    readonly_fields = ("seen_by",)
    ordering = ("vin",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the link from a Tesla account to its cars, besides the filters."""
        is_link = lookup == _OF_GRANT
        return is_link or super().lookup_allowed(lookup, value, request)

    @display(description="seen by")
    def seen_by(self, vehicle: Vehicle) -> SafeString:
        """Link to the Tesla accounts that see the car."""
        accesses = vehicle.accesses.select_related("grant").order_by("pk")
        return format_html_join(
            ", ", "{} ({})", ((link(one.grant), one.access_type) for one in accesses)
        )


@register(TelemetryConfig)
class TelemetryConfigAdmin(OperatorAdmin[TelemetryConfig]):
    """What cars are wanted to stream, and what Tesla said of it."""

    list_display = (
        "car",
        "wanted_at",
        "confirmed_at",
        "synced_at",
        "refusal",
        "next_at",
        "attempts",
    )
    list_filter = ("refusal", "limit_reached", "delivery_policy")
    list_select_related = ("vehicle",)
    search_fields = ("vehicle__vin", "vehicle__name")
    readonly_fields = ("car", "of")
    ordering = ("vehicle__vin",)

    @display(description="car")
    def car(self, config: TelemetryConfig) -> SafeString | str:
        """Link to the car."""
        return link(config.vehicle)

    @display(description="asked by")
    def of(self, config: TelemetryConfig) -> SafeString | str:
        """Link to the Tesla account that asked, where it is still here."""
        return link(config.asked_by)


@register(EnergySite)
class EnergySiteAdmin(OperatorAdmin[EnergySite]):
    """Energy sites: what they consist of."""

    list_display = ("site_id", "name", "has_battery", "has_solar")
    list_filter = ("has_battery", "has_solar")
    search_fields = ("=site_id", "name", "accesses__grant__user__email")
    readonly_fields = ("seen_by",)
    ordering = ("site_id",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the link from a Tesla account to its sites, besides the filters."""
        is_link = lookup == _OF_GRANT
        return is_link or super().lookup_allowed(lookup, value, request)

    @display(description="seen by")
    def seen_by(self, site: EnergySite) -> SafeString:
        """Link to the Tesla accounts that see the site."""
        accesses = site.accesses.select_related("grant").order_by("pk")
        return format_html_join(", ", "{}", ((link(one.grant),) for one in accesses))
