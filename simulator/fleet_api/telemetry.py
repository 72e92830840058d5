"""Answer about streaming: show and delete what cars are told to stream.

Setting a config is refused: unsigned, as Tesla refuses it.
"""

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
    """Return the car's config under this application, or null.

    A car takes a new config over when it is next online.
    """
    registration = visit.hub.registration(visit.region, visit.application.client_id)
    key_hex = registration.public_key_hex if registration else ""
    kept = visit.hub.store.configs.get((visit.application.client_id, visit.vehicle.vin))
    return answer(
        {
            "synced": kept is not None and visit.vehicle.state == "online",
            "config": kept and kept.config,
            "limit_reached": False,
            "key_paired": visit.vehicle.is_paired(key_hex),
        }
    )


async def remove_config(visit: Visit) -> web.Response:
    """Delete the car's config under this application, and say how many that were.

    The application's own token opens this for any car, by its VIN.
    """
    vin = visit.vehicle.vin
    removed = visit.hub.store.remove_config(visit.application.client_id, vin)
    return answer({"updated_vehicles": int(removed)})


async def errors(visit: Visit) -> web.Response:
    """List the car's streaming errors: none."""
    return answer({"fleet_telemetry_errors": []})
