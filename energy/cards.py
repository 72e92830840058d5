"""Prepare what a page shows of each energy site: parts, flow and their ages."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from energy import summary
from energy.flow import Flow, flow
from energy.models import EnergySite, SiteAccess
from energy.services import sites
from tokens.readings import is_old

# Flows change within minutes; what is older is shown, but as old.
_LIVE_PROMISE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Card:
    """Hold one site as it is shown to one person.

    `parts` are (label, word) of grid, battery, solar and Wall Connectors. `flow` is
    None before the first Live Status, and where nothing can flow.
    """

    access: SiteAccess
    site_id: int
    name: str
    parts: tuple[tuple[str, str], ...]
    flow: Flow | None
    connectors: tuple[summary.WallConnector, ...]
    live_at: datetime | None
    live_is_old: bool
    info_at: datetime | None
    gone_at: datetime | None


def cards_of(user: User) -> list[Card]:
    """Return a card for each energy site that the user sees, by name; one query."""
    now = timezone.now()
    accesses = SiteAccess.objects.of(user).defer("site_info")
    return [card(access, now) for access in sites.best_of(accesses)]


def card(access: SiteAccess, now: datetime) -> Card:
    """Prepare one site."""
    site, live_at = access.site, access.live_status_at
    picture = flow(
        access.live_status,
        has_solar=site.has_solar,
        has_battery=site.has_battery,
        has_grid=site.has_grid,
    )
    return Card(
        access=access,
        site_id=site.site_id,
        name=site.name or f"Energy site {site.site_id}",
        parts=_parts(site),
        flow=picture if live_at else None,
        connectors=summary.connectors(access.live_status),
        live_at=live_at,
        live_is_old=live_at is not None and is_old(live_at, _LIVE_PROMISE, now),
        info_at=access.site_info_at,
        gone_at=access.gone_at,
    )


def _parts(site: EnergySite) -> tuple[tuple[str, str], ...]:
    return (
        ("Grid", _grid(site)),
        ("Battery", "Yes" if site.has_battery else "No"),
        ("Solar", "Yes" if site.has_solar else "No"),
        ("Wall Connectors", str(site.wall_connector_count)),
    )


def _grid(site: EnergySite) -> str:
    """Say whether the site's grid is metered; Wall Connectors alone have no meter."""
    if site.has_grid:
        return "Yes"
    return "No" if site.has_battery or site.has_solar else "Not metered"
