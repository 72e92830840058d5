"""Answer for the people of a car: drivers and invitations."""

from aiohttp import web

from simulator.answers import answer, refuse
from simulator.fleet_api.route import Visit
from simulator.fleet_api.vehicles import paged

_MOST_DRIVERS = 5


async def drivers(visit: Visit) -> web.Response:
    """List the drivers; for owners alone."""
    _check_owner(visit)
    found = visit.vehicle.drivers()
    return answer(found, count=len(found))


async def remove_driver(visit: Visit) -> web.Response:
    """Take the car from a driver; without `share_user_id`, from oneself."""
    text = visit.query("share_user_id", str(visit.user.user_id))
    if text != str(visit.user.user_id):
        _check_owner(visit)
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not visit.vehicle.remove_driver(number):
        raise refuse(404, "not_found")
    visit.hub.store.changed = True
    return answer("ok")


async def invitations(visit: Visit) -> web.Response:
    """List invitations, by pages of 25."""
    _check_owner(visit)
    return paged(visit, visit.vehicle.invitations(), per_page=25)


async def invite(visit: Visit) -> web.Response:
    """Make an invitation for one driver, good for 24 hours."""
    _check_owner(visit)
    if len(visit.vehicle.drivers()) >= _MOST_DRIVERS:
        raise refuse(400, "invalid_request", "the car has its most drivers")
    visit.hub.store.changed = True
    return answer(visit.vehicle.invite())


async def revoke_invitation(visit: Visit) -> web.Response:
    """End an open invitation."""
    _check_owner(visit)
    number = visit.request.match_info["invitation"]
    if not visit.vehicle.revoke_invitation(number):
        raise refuse(404, "not_found")
    visit.hub.store.changed = True
    return answer(response=True)


async def redeem(visit: Visit) -> web.Response:
    """Lend the car of an invitation to the person who brings its code."""
    code = visit.body.get("code")
    car = visit.hub.world.redeem(visit.user, code) if isinstance(code, str) else None
    if car is None:
        raise refuse(404, "not_found")
    visit.hub.store.changed = True
    return answer({"vehicle_id_s": str(car.vehicle_id), "vin": car.vin})


def _check_owner(visit: Visit) -> None:
    if visit.access_type != "OWNER":
        raise refuse(403, "Forbidden: only the owner may do this")
