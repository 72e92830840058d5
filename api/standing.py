"""Whether a user's subscription opens the gateway; asked of the database once a second.

Without a payment provider nothing is asked, and everything is open.
"""

import time
from uuid import UUID

from django.conf import settings

from api.flights import Flights
from api.reach import Reach
from api.responses import Refusal
from api.threads import Threads
from billing.policy import Capability
from billing.services import entitlements, providers
from billing.services.entitlements import Entitlement
from fleet.endpoints import Match, Subject

KEPT_S = 1.0
_MOST_KEPT = 2000


class StandingCache:
    """The entitlements of users who called in the last second, in this process."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._kept: dict[UUID, tuple[float, Entitlement]] = {}
        self._flights: Flights[UUID, Entitlement] = Flights()

    async def check(
        self,
        user_id: UUID,
        product: str = "",
        capability: Capability = Capability.API,
    ) -> None:
        """Raise the 402 `Refusal` where a subscription is needed, for a product too."""
        if await self.allows(user_id, capability, product):
            return
        about = f" that includes {product}" if product else ""
        url = f"{settings.PUBLIC_URL}/console/subscription"
        what = "A stream" if capability is Capability.STREAM else "The API"
        raise Refusal(
            402,
            "subscription_required",
            f"{what} needs a subscription{about}. Add one at {url}",
            more={"url": url},
        )

    async def allows(
        self, user_id: UUID, capability: Capability, product: str = ""
    ) -> bool:
        """Tell whether a capability is open, for a product where one is meant."""
        if not providers.is_on():
            return True
        entitlement = await self._of(user_id)
        return entitlement.allows(capability, product=product)

    async def _of(self, user_id: UUID) -> Entitlement:
        kept = self._kept.get(user_id)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        return await self._flights.join(user_id, lambda: self._read(user_id))

    async def _read(self, user_id: UUID) -> Entitlement:
        until = time.monotonic() + KEPT_S
        entitlement = await self._threads.quickly(lambda: entitlements.load(user_id))
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[user_id] = (until, entitlement)
        return entitlement


def product_of(matched: Match, reach: Reach, vin: str = "") -> str:
    """Return the VIN or the site's id that a call is about; empty for none of theirs.

    `vin` is a car that is named in the query.
    """
    ways = {
        Subject.VEHICLE: reach.vehicles,
        Subject.CHARGING: reach.vehicles,
        Subject.ENERGY_SITE: reach.sites,
    }
    known = ways.get(matched.endpoint.subject, {})
    tag = next(iter(matched.path_params.values()), vin)
    routes = known.get(tag, ())
    return routes[0].tag if routes else ""
