"""Find the energy sites of accounts that listen, and whom to tell of each.

A site is asked with the grant that answers best; every account that sees the site with
a grant that works is told. Nothing is due while nobody listens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

import fleet
from energy.models import SiteAccess
from energy.services import pacing, sites
from events import presence
from events.event import Entry, Event
from fleet.endpoints import BY_NAME
from fleet.scopes import Scope
from tokens.models import TeslaGrant
from tokens.services import news


@dataclass(frozen=True, slots=True)
class Watched:
    """A site to poll: the access to ask with, and the accounts to tell."""

    access: SiteAccess
    account_ids: tuple[UUID, ...]

    @property
    def site_id(self) -> int:
        """Return Tesla's number of the site."""
        return self.access.site.site_id

    def ask(
        self,
        client: fleet.Client,
        endpoint: str,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """Return Tesla's answer about the site. Raises `FleetError`."""
        path = {"site_id": self.site_id}
        return client.call(BY_NAME[endpoint], path, query or {})

    def tell(self, event: Event) -> None:
        """Tell everybody who sees the site, where it is news to them."""
        news.tell_changed(Entry(one, event) for one in self.account_ids)

    def tell_end(self, event: Event) -> None:
        """Tell that something is no more, to those who were told that it is."""
        entries = (Entry(one, event) for one in self.account_ids)
        news.tell_changed(entry for entry in entries if news.was_told(entry))


def due() -> list[int]:
    """Return the sites that accounts which listen now can see."""
    listening = news.ask(presence.listening)
    if not listening:
        return []
    seen = SiteAccess.objects.filter(grant__user__in=listening)
    return sorted({access.site.site_id for access in _readable(seen)})


def claim(site_id: int) -> Watched | None:
    """Take a site to poll it now; None where it was just polled, or nobody can."""
    accesses = _readable(SiteAccess.objects.filter(site__site_id=site_id))
    if not accesses or not pacing.may_ask(site_id, pacing.LIVE):
        return None
    best = min(accesses, key=sites.preference)
    return Watched(best, tuple(sorted({access.grant.user_id for access in accesses})))


def _readable(accesses: QuerySet[SiteAccess]) -> list[SiteAccess]:
    """Keep those whose grant works and may read the site."""
    found = accesses.filter(
        gone_at=None,
        grant__state=TeslaGrant.State.ACTIVE,
        grant__user__is_active=True,
    ).select_related("site", "grant")
    return [one for one in found if one.grant.has(Scope.ENERGY_DEVICE_DATA)]
