"""What an export holds of energy sites."""

from collections.abc import Iterator
from typing import Any

from accounts.models import User
from accounts.services.exporting import Sheet, sheet
from energy.models import SiteAccess
from tokens.services import news
from tokens.services.exporting import told


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
    yield Sheet(
        "energy_latest_values",
        "the newest that each energy site told, and when",
        ("site_id", "name", "value", "told_at"),
        _latest(user),
    )


def _latest(user: User) -> Iterator[tuple[Any, ...]]:
    """Yield what was told. Raises `StillKept` while Redis is away."""
    for known in news.known(user.pk):
        if known.product.isdecimal():
            yield from told(known)
