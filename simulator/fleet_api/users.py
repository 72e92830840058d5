"""Answer for the person behind a token, and for charging bills."""

from typing import Any

from aiohttp import web

from simulator.answers import answer, refuse
from simulator.fleet_api.route import Visit
from simulator.world import bills


async def me(visit: Visit) -> web.Response:
    """Return e-mail address, name, picture and vault UUID."""
    return answer(visit.user.profile())


async def region(visit: Visit) -> web.Response:
    """Return the person's region and its base URL; any region answers."""
    code = visit.user.region
    base_url = visit.hub.config.base_url(code)
    return answer({"region": code, "fleet_api_base_url": base_url})


async def orders(visit: Visit) -> web.Response:
    """Return the person's orders: none is open."""
    return answer([], count=0)


async def feature_config(visit: Visit) -> web.Response:
    """Return which features the mobile app would use."""
    signaling = {
        "enabled": True,
        "subscribe_connectivity": False,
        "use_auth_token": False,
    }
    return answer({"signaling": signaling})


async def backup_key(visit: Visit) -> web.Response:
    """Return the person's backup key: none was made."""
    raise refuse(404, "not_found")


async def keys(visit: Visit) -> web.Response:
    """Take the name of a key for the Locks screen."""
    if not isinstance(visit.body.get("public_key"), str):
        raise refuse(400, "invalid_field", "public_key is required")
    return answer({"public_key": visit.body["public_key"], "enabled": True})


async def charging_history(visit: Visit) -> web.Response:
    """Return the person's Supercharger sessions by pages, newest first."""
    found = _sessions(visit)
    size = visit.number("pageSize", 50, 100)
    first = (visit.number("pageNo", 1, 10**6) - 1) * size
    return answer({"data": found[first : first + size], "totalResults": len(found)})


def _sessions(visit: Visit) -> list[dict[str, Any]]:
    world, vin = visit.hub.world, visit.query("vin")
    cars = [
        car
        for car, access_type in world.cars_of(visit.user)
        if access_type == "OWNER" and vin in {"", car.vin}
    ]
    return bills.sessions(cars, visit.hub.clock.now().timestamp())


async def charging_invoice(visit: Visit) -> web.Response:
    """Return an invoice of a session of the person's as PDF."""
    wanted = visit.request.match_info["content"]
    for session in _sessions(visit):
        if session["invoices"][0]["contentId"] == wanted:
            return web.Response(
                body=bills.invoice(session), content_type="application/pdf"
            )
    raise refuse(404, "not_found")


async def charging_sessions(visit: Visit) -> web.Response:
    """Answer for business fleets alone."""
    raise refuse(403, "Forbidden: business accounts only")


async def subscriptions(visit: Visit) -> web.Response:
    """Return the mobile push subscriptions: none."""
    return answer([], count=0)
