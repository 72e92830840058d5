"""Which cars and sites a user can reach, and by which grant.

Loaded in three queries, for one user as for many, and kept for at most a second, so
that a lost car, a removed grant and a changed scope are noticed as fast as a removed
access token.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from api.flights import Flights
from api.threads import Threads
from energy.models import SiteAccess
from tokens.models import TeslaGrant
from vehicles.models import VehicleAccess
from vehicles.places import sees_location
from vehicles.services.keys import signing_of
from vehicles.services.vehicles import preference

KEPT_S = 1.0
_MOST_KEPT = 2000
# Few columns: of a question that is asked each second most of the time is their names.
_GRANT_COLUMNS = (
    *("user_id", "region", "scopes", "state", "generation", "linked_at"),
    "tesla_access_token_expires_at",
)
_ACCESS_COLUMNS = (
    *("tesla_id", "access_type", "hide_private", "gone_at", "grant_id"),
    *("vehicle__vin", "vehicle__command_signing", "vehicle__protocol_required"),
)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a call needs to know of a Tesla grant; nothing secret in clear.

    `unplaced` are the VINs of the cars of which it may not tell where they are.
    """

    id: UUID
    region: str
    scopes: frozenset[str]
    usable: bool
    generation: int
    expires_at: datetime
    unplaced: frozenset[str] = frozenset()


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


def load(user_ids: Collection[UUID]) -> dict[UUID, Reach]:
    """Read the reach of each of some users: three queries for all of them."""
    owned: dict[UUID, list[TeslaGrant]] = {user_id: [] for user_id in user_ids}
    rows: dict[UUID, TeslaGrant] = {}
    for row in (
        TeslaGrant.objects.filter(user_id__in=owned)
        .only(*_GRANT_COLUMNS)
        .order_by("linked_at", "id")
    ):
        rows[row.pk] = row
        owned[row.user_id].append(row)
    accesses: dict[UUID, list[VehicleAccess]] = defaultdict(list)
    for access in (
        VehicleAccess.objects.filter(grant__in=rows, gone_at=None)
        .select_related("vehicle")
        .only(*_ACCESS_COLUMNS)
    ):
        access.grant = rows[access.grant_id]
        accesses[access.grant.user_id].append(access)
    seen: dict[UUID, list[tuple[datetime, UUID, str]]] = defaultdict(list)
    for grant_id, site_id in (
        SiteAccess.objects.filter(grant__in=rows, gone_at=None)
        .order_by("id")
        .values_list("grant_id", "site__site_id")
    ):
        row = rows[grant_id]
        seen[row.user_id].append((row.linked_at, grant_id, str(site_id)))
    return {
        user_id: _reach(grants, accesses[user_id], seen[user_id])
        for user_id, grants in owned.items()
    }


def _reach(
    rows: Sequence[TeslaGrant],
    accesses: Sequence[VehicleAccess],
    seen: Sequence[tuple[datetime, UUID, str]],
) -> Reach:
    """Say how one user reaches what they reach; `seen` are sites by their grants."""
    unplaced: dict[UUID, set[str]] = defaultdict(set)
    for access in accesses:
        if not sees_location(access):
            unplaced[access.grant_id].add(access.vehicle.vin)
    grants = {row.pk: _grant(row, unplaced[row.pk]) for row in rows}
    vehicles: dict[str, list[Route]] = defaultdict(list)
    for access in sorted(accesses, key=preference):
        vin, grant = access.vehicle.vin, grants[access.grant_id]
        signing = signing_of(access.vehicle)
        route = Route(vin, grant, signing, vin not in grant.unplaced)
        vehicles[vin].append(route)
        vehicles[access.tesla_id].append(route)
    sites: dict[str, list[Route]] = defaultdict(list)
    for _, grant_id, site_id in sorted(seen, key=itemgetter(0)):
        sites[site_id].append(Route(site_id, grants[grant_id]))
    return Reach(
        tuple(grants.values()),
        {tag: _usable_first(routes) for tag, routes in vehicles.items()},
        {tag: _usable_first(routes) for tag, routes in sites.items()},
    )


def _grant(row: TeslaGrant, unplaced: Iterable[str]) -> Grant:
    return Grant(
        id=row.pk,
        region=row.region,
        scopes=frozenset(row.scopes),
        usable=row.state == TeslaGrant.State.ACTIVE,
        generation=row.generation,
        expires_at=row.tesla_access_token_expires_at,
        unplaced=frozenset(unplaced),
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
        return await self._flights.join(user_id, lambda: self._read_one(user_id))

    async def of_all(self, user_ids: Iterable[UUID]) -> dict[UUID, Reach]:
        """Return the reach of each of some users, at most a second old."""
        kept = {user_id: self._kept.get(user_id) for user_id in user_ids}
        now_s = time.monotonic()
        found = {
            user_id: entry[1]
            for user_id, entry in kept.items()
            if entry is not None and entry[0] > now_s
        }
        if missing := [user_id for user_id in kept if user_id not in found]:
            found |= await self._read(missing)
        return found

    async def _read_one(self, user_id: UUID) -> Reach:
        return (await self._read([user_id]))[user_id]

    async def _read(self, user_ids: Sequence[UUID]) -> dict[UUID, Reach]:
        # Aged from before the question: what changes while it is answered is seen
        # within the second, too.
        until = time.monotonic() + KEPT_S
        found = await self._threads.quickly(lambda: load(user_ids))
        if len(self._kept) + len(found) > _MOST_KEPT:
            self._kept.clear()
        self._kept.update((user_id, (until, one)) for user_id, one in found.items())
        return found
