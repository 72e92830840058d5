"""Stop a car's Fleet Telemetry at Tesla, unless somebody else here uses the car."""

from collections.abc import Iterable
from uuid import UUID

import fleet
from fleet.endpoints import BY_NAME
from tokens.models import TeslaGrant
from vehicles.models import VehicleAccess


def is_used_by_others(vin: str, leaving: Iterable[UUID]) -> bool:
    """Tell whether a grant that stays, and works, still sees the car."""
    return (
        VehicleAccess.objects.filter(
            vehicle__vin=vin,
            gone_at=None,
            grant__in=TeslaGrant.objects.usable(),
        )
        .exclude(grant__in=list(leaving))
        .exists()
    )


def stop(vin: str, client: fleet.Client) -> bool:
    """Delete the car's configuration at Tesla; return whether there was one.

    Raises `FleetError`. Source:
    developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints
    """
    endpoint = BY_NAME["fleet_telemetry_config_delete"]
    answer = client.call(endpoint, {"vehicle_tag": vin})
    return isinstance(answer, dict) and answer.get("updated_vehicles") == 1
