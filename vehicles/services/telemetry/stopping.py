"""Stop a car's Fleet Telemetry at Tesla, unless somebody else here uses the car."""

from collections.abc import Iterable
from uuid import UUID

import fleet
from fleet.endpoints import BY_NAME
from vehicles.models import TelemetryConfig, VehicleAccess


def used_by_others(vins: Iterable[str], leaving: Iterable[UUID]) -> set[str]:
    """Return those of the cars that a grant which stays still sees.

    Also one that is suspended or must be linked again: who comes back finds the car's
    telemetry as it was.
    """
    seen = VehicleAccess.objects.filter(
        vehicle__vin__in=list(vins),
        gone_at=None,
    ).exclude(grant__in=list(leaving))
    return set(seen.values_list("vehicle__vin", flat=True))


def stop(vin: str, client: fleet.Client) -> bool:
    """Forget what the car was wanted to stream, then have it stop as below.

    First, so that nobody sends it again in between. Raises `FleetError`.
    """
    TelemetryConfig.objects.filter(vehicle__vin=vin).delete()
    return delete_at_tesla(vin, client)


def delete_at_tesla(vin: str, client: fleet.Client) -> bool:
    """Delete the car's configuration at Tesla; return whether there was one.

    Raises `FleetError`. Source:
    developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints
    """
    endpoint = BY_NAME["fleet_telemetry_config_delete"]
    answer = client.call(endpoint, {"vehicle_tag": vin})
    return isinstance(answer, dict) and answer.get("updated_vehicles") == 1
