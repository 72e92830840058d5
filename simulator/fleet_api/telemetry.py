"""Answer about streaming: the direct call is refused, nothing is configured."""

from aiohttp import web

from simulator.answers import answer, refuse
from simulator.fleet_api.route import Visit

_PROXY_PAGE = (
    "https://developer.tesla.com/docs/fleet-api/fleet-telemetry"
    "#vehicle-command-http-proxy"
)


async def configure(visit: Visit) -> web.Response:
    """Refuse an unsigned config, as Tesla does."""
    raise refuse(
        403,
        "This endpoint must be called through the Vehicle Command HTTP Proxy. "
        f"Refer to {_PROXY_PAGE}",
    )


async def config(visit: Visit) -> web.Response:
    """Return the car's config under this application: null."""
    registration = visit.hub.registration(visit.region, visit.application.client_id)
    key_hex = registration.public_key_hex if registration else ""
    return answer(
        {
            "synced": False,
            "config": None,
            "limit_reached": False,
            "key_paired": visit.vehicle.is_paired(key_hex),
        }
    )


async def remove_config(visit: Visit) -> web.Response:
    """Delete the car's config; there is none to delete."""
    return answer({"updated_vehicles": 0})


async def errors(visit: Visit) -> web.Response:
    """List the car's streaming errors: none."""
    return answer({"fleet_telemetry_errors": []})
