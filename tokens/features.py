"""What stops working without a scope: pages of ours, and calls of programs."""

from fleet.endpoints import ENDPOINTS
from fleet.scopes import Scope

_PAGES = {
    Scope.OPENID: "signing in with Tesla",
    Scope.OFFLINE_ACCESS: "everything, eight hours after each sign-in",
    Scope.USER_DATA: "your name and region at Tesla",
    Scope.VEHICLE_DEVICE_DATA: (
        "the list of cars, Vehicle Data, waking and the check of the virtual key"
    ),
    Scope.VEHICLE_LOCATION: "the location in Vehicle Data",
    Scope.VEHICLE_CMDS: "commands to cars",
    Scope.VEHICLE_CHARGING_CMDS: "charging commands and the charging history",
    Scope.ENERGY_DEVICE_DATA: "the list of energy sites, Site Info and Live Status",
    Scope.ENERGY_CMDS: "settings of energy sites",
}


def pages_of(scope: Scope) -> str:
    """Return in words what the console cannot do without a scope; empty for nothing."""
    return _PAGES.get(scope, "")


def calls_of(scope: Scope) -> int:
    """Return how many calls of the API no other scope opens."""
    return sum(tuple(endpoint.scopes) == (scope,) for endpoint in ENDPOINTS)
