"""Forget what an account was told of cars, once it may not know that any more.

Who reads it is asked for what they may know now; here it goes for good. What Redis does
not delete today ends by itself within a month.
"""

from collections.abc import Mapping
from uuid import UUID

import redis

from events import latest
from events.event import Topic
from fleet.streamed import LOCATION_SIGNALS
from fleet.vin import is_vin
from tokens.models import TeslaGrant
from tokens.services import news
from vehicles.models import VehicleAccess
from vehicles.places import sees_location


def forget_unseen(account_id: UUID) -> None:
    """Forget what was told of cars that no Tesla account of this person sees.

    Raises `tokens.services.last_answers.StillKept` while Redis is away.
    """
    seen = set(
        VehicleAccess.objects.filter(grant__user=account_id, gone_at=None).values_list(
            "vehicle__vin", flat=True
        )
    )
    news.forget(account_id, lambda product: is_vin(product) and product not in seen)


def forget_lost(grant: TeslaGrant) -> None:
    """Forget what of a grant's cars may not be known any more: all, or their place.

    Another grant of the same person may still see it. While Redis is away nothing is
    forgotten; the next list of the grant's cars forgets it.
    """
    places = _places(grant)

    def delete(client: redis.Redis) -> bool:
        gone = [vin for vin, may_locate in places.items() if may_locate is None]
        latest.forget(client, grant.user_id, gone)
        for vin, may_locate in places.items():
            if may_locate is False:
                latest.forget_parts(
                    client,
                    grant.user_id,
                    vin,
                    signals=sorted(LOCATION_SIGNALS),
                    topics=(Topic.VEHICLE_DATA,),
                )
        return True

    news.ask(delete)


def _places(grant: TeslaGrant) -> Mapping[str, bool | None]:
    """Tell of each of a grant's cars whether its person may locate it; None if gone."""
    found: dict[str, bool | None] = {}
    accesses = (
        VehicleAccess.objects.filter(
            grant__user=grant.user_id, vehicle__accesses__grant=grant
        )
        .select_related("vehicle", "grant")
        .defer("vehicle_data")
    )
    for access in accesses:
        vin = access.vehicle.vin
        before = found.setdefault(vin, None)
        if access.gone_at is None:
            found[vin] = bool(before) or sees_location(access)
    return found
