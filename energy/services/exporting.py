"""What an export holds of energy sites."""

from collections.abc import Iterator

from accounts.models import User
from accounts.services.exporting import Sheet, sheet
from energy.models import SiteAccess


def exports(user: User) -> Iterator[Sheet]:
    """Yield the energy sites that a user sees, and the last readings of each."""
    seen = SiteAccess.objects.filter(grant__user=user).order_by("site__site_id", "pk")
    yield sheet(
        "energy_sites",
        "the energy sites that your Tesla accounts see",
        seen,
        {
            "site_id": "site__site_id",
            "name": "site__name",
            "seen_with": "grant__tesla_sub",
            "has_grid": "site__has_grid",
            "has_battery": "site__has_battery",
            "has_solar": "site__has_solar",
            "wall_connectors": "site__wall_connector_count",
            "last_listed_at": "seen_at",
            "no_longer_listed_since": "gone_at",
        },
    )
    yield sheet(
        "energy_readings",
        "the last readings of each energy site",
        seen,
        {
            "site_id": "site__site_id",
            "seen_with": "grant__tesla_sub",
            "site_info_at": "site_info_at",
            "site_info": "site_info",
            "live_status_at": "live_status_at",
            "live_status": "live_status",
        },
    )
