"""Which cars and sites a user can reach, and by which grant.

Loaded in three queries, kept for at most a second, so that a lost car, a removed
grant and a changed scope are noticed as fast as a removed access token.
"""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from api.flights import Flights
from api.threads import Threads
from energy.models import SiteAccess
from tokens.models import TeslaGrant
from vehicles.models import VehicleAccess
from vehicles.places import sees_location
from vehicles.services.keys import signing_of
from vehicles.services.vehicles import preference

_KEPT_S = 1.0
_MOST_KEPT = 2000
# Few columns: of a question that is asked each second most of the time is their names.
_GRANT_COLUMNS = (
    *("region", "scopes", "state", "generation", "linked_at"),
    "tesla_access_token_expires_at",
)
_ACCESS_COLUMNS = (
    *("tesla_id", "access_type", "hide_private", "gone_at", "grant_id"),
    *("vehicle__vin", "vehicle__command_signing", "vehicle__protocol_required"),
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a call needs to know of a Tesla grant; nothing secret in clear."""

    id: UUID
    region: str
    scopes: frozenset[str]
    usable: bool
    generation: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Route:
    """A way to one car or site: its name at Tesla and the grant to use.

    `signing`: whether a car wants commands signed, a `Vehicle.CommandSigning`;
    `sees_location`: whether this way may tell where the car is.
    """

    tag: str
    grant: Grant
    signing: str = ""
    sees_location: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """Everything that a user can reach.

    `vehicles` is keyed by VIN and by the record's `id`, `sites` by the site's id, each
    as text; routes come best first. `grants` come oldest first.
    """

    grants: tuple[Grant, ...]
    vehicles: Mapping[str, tuple[Route, ...]]
    sites: Mapping[str, tuple[Route, ...]]

    def places(self) -> frozenset[str]:
        """Return the VINs of the cars of which the user may know where they are."""
        return frozenset(
            route.tag
            for routes in self.vehicles.values()
            for route in routes
            if route.grant.usable and route.sees_location
        )


def load(user_id: UUID) -> Reach:
    """Read a user's reach from the database: three queries, whatever it holds."""
    rows = {
        row.pk: row
        for row in TeslaGrant.objects.filter(user_id=user_id)
        .only(*_GRANT_COLUMNS)
        .order_by("linked_at", "id")
    }
    grants = {key: _grant(row) for key, row in rows.items()}
    accesses = list(
        VehicleAccess.objects.filter(grant__in=rows, gone_at=None)
        .select_related("vehicle")
        .only(*_ACCESS_COLUMNS)
    )
    for access in accesses:
        access.grant = rows[access.grant_id]
    vehicles: dict[str, list[Route]] = defaultdict(list)
    for access in sorted(accesses, key=preference):
        signing = signing_of(access.vehicle)
        route = Route(
            access.vehicle.vin,
            grants[access.grant_id],
            signing,
            sees_location(access),
        )
        vehicles[access.vehicle.vin].append(route)
        vehicles[access.tesla_id].append(route)
    seen = (
        SiteAccess.objects.filter(grant__in=rows, gone_at=None)
        .order_by("id")
        .values_list("grant_id", "site__site_id")
    )
    sites: dict[str, list[Route]] = defaultdict(list)
    for grant_id, site_id in sorted(seen, key=lambda one: rows[one[0]].linked_at):
        sites[str(site_id)].append(Route(str(site_id), grants[grant_id]))
    return Reach(
        tuple(grants.values()),
        {tag: _usable_first(routes) for tag, routes in vehicles.items()},
        {tag: _usable_first(routes) for tag, routes in sites.items()},
    )


def _grant(row: TeslaGrant) -> Grant:
    return Grant(
        id=row.pk,
        region=row.region,
        scopes=frozenset(row.scopes),
        usable=row.state == TeslaGrant.State.ACTIVE,
        generation=row.generation,
        expires_at=row.tesla_access_token_expires_at,
    )


def _usable_first(routes: list[Route]) -> tuple[Route, ...]:
    return tuple(sorted(routes, key=lambda route: not route.grant.usable))


class ReachCache:
    """The reach of users who called in the last second, in this process."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._kept: dict[UUID, tuple[float, Reach]] = {}
        self._flights: Flights[UUID, Reach] = Flights()

    async def of(self, user_id: UUID) -> Reach:
        """Return a user's reach, at most a second old."""
        kept = self._kept.get(user_id)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        return await self._flights.join(user_id, lambda: self._read(user_id))

    async def _read(self, user_id: UUID) -> Reach:
        # Aged from before the question: what changes while it is answered is seen
        # within the second, too.
        until = time.monotonic() + _KEPT_S
        reach = await self._threads.quickly(lambda: load(user_id))
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[user_id] = (until, reach)
        return reach
