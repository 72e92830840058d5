"""Energy sites, and which Tesla grant sees which site."""

from typing import ClassVar

from django.db import models

from accounts.fields import LenientJSONField
from accounts.models import User
from tokens.models import TeslaGrant


class EnergySite(models.Model):
    """One energy site, whoever sees it. `site_id` is Tesla's `energy_site_id`."""

    site_id = models.BigIntegerField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    has_grid = models.BooleanField(default=False)
    has_battery = models.BooleanField(default=False)
    has_solar = models.BooleanField(default=False)
    wall_connector_count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name or str(self.site_id)


class SiteAccessQuerySet(models.QuerySet["SiteAccess"]):
    """Questions about who sees which site."""

    def of(self, user: User) -> "SiteAccessQuerySet":
        """Keep what this user's grants see, sites and grants joined."""
        return self.filter(grant__user=user).select_related("site", "grant")


class SiteAccess(models.Model):
    """What one Tesla grant sees of one site, and the last readings made with it."""

    site = models.ForeignKey(EnergySite, models.CASCADE, related_name="accesses")
    grant = models.ForeignKey(TeslaGrant, models.CASCADE, related_name="site_accesses")
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)
    site_info = LenientJSONField(null=True)
    site_info_at = models.DateTimeField(null=True)
    live_status = LenientJSONField(null=True)
    live_status_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["SiteAccess"]] = SiteAccessQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "grant"], name="one_access_per_grant_and_site"
            )
        ]

    def __str__(self) -> str:
        return f"{self.grant} sees {self.site}"
