"""Tell webhooks, which stand below cars, which cars a person may choose from."""

from accounts.models import User
from fleet.vin import model_of
from vehicles.models import VehicleAccess
from vehicles.services import vehicles
from webhooks import garage


def connect() -> None:
    """Hand the list of cars down; called once, when the app is ready."""
    garage.use(cars_of)


def cars_of(user: User) -> list[garage.Car]:
    """Return the cars that a person sees and that are not gone, by name; one query."""
    seen = VehicleAccess.objects.of(user).filter(gone_at=None).defer("vehicle_data")
    return [
        garage.Car(
            access.vehicle.vin, access.vehicle.name or model_of(access.vehicle.vin)
        )
        for access in vehicles.best_of(seen)
    ]
