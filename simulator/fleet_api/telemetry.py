"""Answer about streaming: set, show and delete what cars are told to stream."""

from typing import Any

from aiohttp import web

from simulator.answers import answer, refuse
from simulator.fleet_api.gates import missing_scopes
from simulator.fleet_api.route import Visit
from simulator.streaming.fetching import (
    fetch_settings,
    limit_reached,
    why_skipped,
)
from simulator.streaming.rules import BadSettings, asks_for_location, check_settings
from simulator.streaming.token import BadToken, read_token
from simulator.world.cars.car import Car

_PROXY_PAGE = (
    "https://developer.tesla.com/docs/fleet-api/fleet-telemetry"
    "#vehicle-command-http-proxy"
)
_REASONS = (
    "missing_key",
    "unsupported_hardware",
    "unsupported_firmware",
    "max_configs",
)
_MOST_VINS = 100


async def configure(visit: Visit) -> web.Response:
    """Refuse an unsigned config, as Tesla does."""
    raise refuse(
        403,
        "This endpoint must be called through the Vehicle Command HTTP Proxy. "
        f"Refer to {_PROXY_PAGE}",
    )


async def configure_signed(visit: Visit) -> web.Response:
    """Take a signed config for cars; the signature is for each car to check.

    Answers how many cars will fetch it, and which were skipped for what reason.
    """
    text, claims = _claims(visit)
    cars = [_car(visit, vin) for vin in _vins(visit)]
    if asks_for_location(claims) and not visit.has("vehicle_location"):
        raise missing_scopes("vehicle_location")
    skipped: dict[str, list[str]] = {reason: [] for reason in _REASONS}
    updated = 0
    for car in cars:
        reason = why_skipped(
            visit.hub, car, visit.application.client_id, _registered_key(visit)
        )
        if reason:
            skipped[reason].append(car.vin)
        else:
            _keep(visit, car, claims, text)
            updated += 1
    return answer({"updated_vehicles": updated, "skipped_vehicles": skipped})


def _claims(visit: Visit) -> tuple[str, dict[str, Any]]:
    text = visit.body.get("token")
    if not isinstance(text, str):
        raise refuse(400, "invalid_request", "token is required")
    registration = visit.hub.registration(visit.region, visit.application.client_id)
    domain = registration.domain if registration else ""
    try:
        claims = read_token(text).claims
        check_settings(claims, domain, visit.hub.clock.now().timestamp())
    except (BadToken, BadSettings) as error:
        raise refuse(400, str(error)) from None
    return text, claims


def _vins(visit: Visit) -> list[str]:
    vins = visit.body.get("vins")
    is_list = isinstance(vins, list) and 0 < len(vins) <= _MOST_VINS
    if not is_list or not all(isinstance(vin, str) for vin in vins or ()):
        raise refuse(400, "invalid_field", f"vins must be 1 to {_MOST_VINS} VINs")
    return list(dict.fromkeys(vins or ()))


def _car(visit: Visit, vin: str) -> Car:
    found = visit.hub.world.find_car(visit.user, vin)
    if found is None or found[0].vin != vin:
        raise refuse(404, "not_found")
    return found[0]


def _registered_key(visit: Visit) -> str:
    found = visit.hub.registration(visit.region, visit.application.client_id)
    return found.public_key_hex if found else ""


def _keep(visit: Visit, car: Car, claims: dict[str, Any], text: str) -> None:
    hub = visit.hub
    access = car.access_of(visit.user)
    told = hub.store.configure(
        visit.application.client_id, car.vin, claims, hub.clock.now()
    )
    told.token = text
    told.hides_location = access is not None and access.hide_private


async def config(visit: Visit) -> web.Response:
    """Return the car's config under this application, or null.

    A car takes a new config over when it is next online.
    """
    hub, car, client_id = visit.hub, visit.vehicle, visit.application.client_id
    kept = hub.store.configs.get((client_id, car.vin))
    if kept is not None:
        fetch_settings(hub, kept)
    return answer(
        {
            "synced": kept is not None and kept.synced_at is not None,
            "config": kept and kept.config,
            "limit_reached": limit_reached(hub, car, client_id),
            "key_paired": car.is_paired(_registered_key(visit)),
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
    """List the car's streaming errors for this application, newest first."""
    found = stream_errors(visit, visit.vehicle.vin)
    return answer({"fleet_telemetry_errors": found})


def stream_errors(visit: Visit, vin: str = "") -> list[dict[str, str]]:
    """Return the application's streaming errors, of one car or of all in the region."""
    hub, wanted = visit.hub, visit.application.client_id
    return [
        one.as_json()
        for one in reversed(hub.store.stream_errors)
        if one.client_id == wanted and (one.vin == vin or _is_here(visit, vin, one.vin))
    ]


def _is_here(visit: Visit, asked: str, vin: str) -> bool:
    car = visit.hub.world.cars.get(vin)
    owner = visit.hub.world.persons[car.spec.owner] if car else None
    return not asked and owner is not None and owner.region == visit.region
