"""Energy sites: list them, keep what they answer, choose who asks, forget the gone."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

import fleet
from accounts.models import User
from energy.models import EnergySite, SiteAccess
from events import latest as events
from fleet.shapes import EnergyProduct
from tokens.models import Inquiry, TeslaGrant
from tokens.readings import one_line
from tokens.services import lists, news

ENDPOINTS = ("live_status", "site_info")
_LARGEST_ID = 2**63 - 1
_MOST_CONNECTORS = 10_000


def sync(grant: TeslaGrant, client: fleet.Client) -> None:
    """List the grant's energy sites anew; a site no longer listed is marked as gone.

    What was told of it is forgotten. Raises `FleetError` when Tesla does not list them; nothing has changed then.
    """
    products = (EnergyProduct.read(product) for product in client.products())
    found = {one.site_id: one for one in products if one and _is_id(one.site_id)}
    now = timezone.now()
    with transaction.atomic():
        accesses = [_store(grant, found[site_id], now) for site_id in sorted(found)]
        SiteAccess.objects.filter(grant=grant, gone_at=None).exclude(
            pk__in=[access.pk for access in accesses]
        ).update(gone_at=now)
        transaction.on_commit(lambda: _forget_lost(grant), robust=True)
    lists.note_read(grant, lists.Of.ENERGY, now)


def note_answer(access: SiteAccess, inquiry: Inquiry) -> None:
    """Keep an answer as the site's last reading; an older one changes nothing."""
    at = inquiry.answered_at
    if inquiry.state == Inquiry.State.ANSWERED and at is not None:
        note_reading(access, inquiry.endpoint, inquiry.answer, at)


def note_reading(
    access: SiteAccess, endpoint: str, answer: object, at: datetime
) -> None:
    """Keep what a site answered at a moment, unless something newer is here."""
    # Tesla answers "" for a site without live values: that is a reading, too.
    content = answer if isinstance(answer, dict) else {}
    if endpoint == "site_info":
        SiteAccess.objects.filter(pk=access.pk).filter(
            Q(site_info_at=None) | Q(site_info_at__lt=at)
        ).update(site_info=content, site_info_at=at)
    elif endpoint == "live_status":
        SiteAccess.objects.filter(pk=access.pk).filter(
            Q(live_status_at=None) | Q(live_status_at__lt=at)
        ).update(live_status=content, live_status_at=at)


def preference(access: SiteAccess) -> tuple[bool, bool, int, datetime, int]:
    """Return what to sort accesses by, so that the one to ask with comes first.

    Sites still listed, grants that work, more scopes, older grants.
    """
    grant = access.grant
    return (
        access.gone_at is not None,
        grant.state != TeslaGrant.State.ACTIVE,
        -len(grant.scopes),
        grant.linked_at,
        access.pk,
    )


def best_of(accesses: Iterable[SiteAccess]) -> list[SiteAccess]:
    """Return for each site the access to ask with, by the sites' names and ids."""
    best: dict[int, SiteAccess] = {}
    for access in sorted(accesses, key=preference):
        best.setdefault(access.site.site_id, access)
    return sorted(
        best.values(), key=lambda one: (one.site.name.casefold(), one.site.site_id)
    )


def best_access(user: User, site_id: int) -> SiteAccess | None:
    """Return the user's access to ask about a site with, None for a stranger's."""
    if not _is_id(site_id):
        return None
    accesses = SiteAccess.objects.of(user).filter(site__site_id=site_id)
    return min(accesses, key=preference, default=None)


def access_of(inquiry: Inquiry) -> SiteAccess | None:
    """Return what the asking grant sees of the site, None when it is removed."""
    return (
        SiteAccess.objects.select_related("site", "grant")
        .filter(grant=inquiry.grant_id, site__site_id=int(inquiry.subject))
        .first()
    )


def latest(user: User, site_id: int) -> Inquiry | None:
    """Return the user's newest question about a site."""
    return (
        Inquiry.objects.filter(user=user, subject=str(site_id), endpoint__in=ENDPOINTS)
        .order_by("-asked_at")
        .first()
    )


def _forget_lost(grant: TeslaGrant) -> None:
    """Forget what was told of sites that no grant of the person sees any more.

    While Redis is away it is the next list that forgets it.
    """
    mine = SiteAccess.objects.filter(grant__user=grant.user_id)
    seen = mine.filter(gone_at=None).values("site")
    gone = mine.exclude(site__in=seen).values_list("site__site_id", flat=True)
    lost = sorted({str(site_id) for site_id in gone})
    if lost:
        news.ask(lambda client: events.forget(client, grant.user_id, lost))


def _store(grant: TeslaGrant, product: EnergyProduct, now: datetime) -> SiteAccess:
    site, _ = EnergySite.objects.update_or_create(
        site_id=product.site_id,
        defaults={
            "name": one_line(product.name),
            "has_grid": product.has_grid,
            "has_battery": product.has_battery,
            "has_solar": product.has_solar,
            "wall_connector_count": min(product.wall_connectors, _MOST_CONNECTORS),
        },
    )
    access, _ = SiteAccess.objects.update_or_create(
        site=site, grant=grant, defaults={"seen_at": now, "gone_at": None}
    )
    return access


def _is_id(site_id: int) -> bool:
    return 0 < site_id <= _LARGEST_ID
