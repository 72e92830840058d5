"""Find the car that an address names, for the person who asks."""

from django.http import Http404

from accounts.http import UserRequest
from accounts.models import Units
from fleet.vin import is_vin
from vehicles.models import VehicleAccess
from vehicles.services import vehicles
from vehicles.units import units_of


def found(request: UserRequest, vin: str) -> VehicleAccess:
    """Return the user's access to a car; a stranger's car is a 404 like no car."""
    access = vehicles.best_access(request.user, as_vin(vin))
    if access is None:
        raise Http404
    return access


def as_vin(text: str) -> str:
    """Return a VIN; what cannot be one is not looked for at all."""
    if not is_vin(text):
        raise Http404
    return text


def units_for(request: UserRequest) -> Units:
    """Return the units that this person reads."""
    language = request.headers.get("Accept-Language", "")
    return units_of(request.user.units, language)
