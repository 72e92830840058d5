"""Read the newest that is known of a car: its last reading, and what it streamed since."""

from tokens.services import news
from vehicles.models import VehicleAccess
from vehicles.places import sees_location
from vehicles.streamed import Overlaid, overlaid


def of(access: VehicleAccess) -> Overlaid:
    """Return the last reading made with this grant, with what was streamed after it.

    While Redis is away it is the reading alone.
    """
    known = news.newest(access.grant.user_id, access.vehicle.vin)
    return overlaid(
        access.vehicle_data,
        access.vehicle_data_at,
        known.signals,
        sees_location=sees_location(access),
    )
