"""List the endpoints on what a car has, may have, and is insured against."""

from dataclasses import replace

from fleet.endpoints.model import Endpoint, Subject
from fleet.endpoints.params import VIN_ASKED
from fleet.scopes import Scope


def _about(name: str, path: str, summary: str) -> Endpoint:
    return Endpoint(
        name,
        "GET",
        f"/api/1/dx/{path}",
        Subject.VEHICLE,
        (Scope.VEHICLE_DEVICE_DATA,),
        params=(VIN_ASKED,),
        summary=summary,
        source="developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints",
    )


_UPGRADES = _about(
    "eligible_upgrades",
    "vehicles/upgrades/eligibility",
    "List the upgrades that the car could have.",
)
_SUBSCRIPTIONS = _about(
    "eligible_subscriptions",
    "vehicles/subscriptions/eligibility",
    "List the subscriptions that the car could have.",
)


def _also_at(endpoint: Endpoint, path: str) -> Endpoint:
    return replace(
        endpoint,
        name=f"{endpoint.name}_also",
        path=f"/api/1/dx/{path}",
        upstream=endpoint.path,
        note="another address of the same call",
    )


ENDPOINTS = (
    _about("options", "vehicles/options", "List what the car was built with."),
    _UPGRADES,
    _also_at(_UPGRADES, "vehicles/upgrade/eligibility"),
    _SUBSCRIPTIONS,
    _also_at(_SUBSCRIPTIONS, "vehicles/subscriptions/eligible"),
    _about("warranty_details", "warranty/details", "List the car's warranties."),
)
