"""List the endpoints on what a car has, may have, and is insured against."""

from fleet.endpoints.model import Endpoint, Subject
from fleet.endpoints.params import asked
from fleet.scopes import Scope

ENDPOINTS = tuple(
    Endpoint(
        name,
        "GET",
        f"/api/1/dx/{path}",
        Subject.VEHICLE,
        (Scope.VEHICLE_DEVICE_DATA,),
        params=(asked("vin", required=True),),
        source="developer.tesla.com/docs/fleet-api/endpoints/vehicle-endpoints",
    )
    for name, path in (
        ("options", "vehicles/options"),
        ("eligible_upgrades", "vehicles/upgrades/eligibility"),
        ("eligible_subscriptions", "vehicles/subscriptions/eligibility"),
        ("warranty_details", "warranty/details"),
    )
)
