"""Answer about one car from what was read of it before, or read it anew."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from api import configs, validation
from api.forward import Forwarding, awake_or_record, content_of, route_of
from api.reach import Route
from api.responses import Refusal, Response, answer
from api.routing import check_scope
from api.tesla import Call
from fleet.endpoints import VEHICLE_DATA_GROUPS
from fleet.pictures import picture_url
from fleet.scopes import Scope
from vehicles.models import VehicleAccess
from vehicles.services import vehicles

_Handler = Callable[[Forwarding, Route], Awaitable[Response]]


async def respond(forwarding: Forwarding) -> Response:
    """Answer a call of the table that is Keyfob's own and about a car.

    Raises `Refusal` and `FleetError`.
    """
    route = route_of(forwarding)
    check_scope(route.grant, forwarding.endpoint.scopes)
    return await _HANDLERS[forwarding.endpoint.name](forwarding, route)


async def _access(forwarding: Forwarding, route: Route) -> VehicleAccess:
    def read() -> VehicleAccess:
        return VehicleAccess.objects.select_related("vehicle", "grant").get(
            vehicle__vin=route.tag, grant_id=route.grant.id
        )

    try:
        return await forwarding.threads.quickly(read)
    except VehicleAccess.DoesNotExist:
        raise Refusal(404, "not_found", "The car was just removed.") from None


async def _vehicle_config(forwarding: Forwarding, route: Route) -> Response:
    config = _config(await _access(forwarding, route))
    if not config:
        raise Refusal(
            404, "not_found", "This car was not read yet. Ask /api/refresh once."
        )
    return answer(config)


async def _image(forwarding: Forwarding, route: Route) -> Response:
    url = picture_url(route.tag, _config(await _access(forwarding, route)))
    return answer({"response": url}, status=302, headers=((b"location", url.encode()),))


def _config(access: VehicleAccess) -> Mapping[str, Any]:
    found = (access.vehicle_data or {}).get("vehicle_config")
    return found if isinstance(found, dict) else {}


async def _refresh(forwarding: Forwarding, route: Route) -> Response:
    groups = [
        group
        for group in VEHICLE_DATA_GROUPS
        if group not in {"vehicle_data_combo", "location_data"}
    ]
    if Scope.VEHICLE_LOCATION in route.grant.scopes:
        groups.append("location_data")
    path = f"/api/1/vehicles/{route.tag}/vehicle_data?endpoints={'%3B'.join(groups)}"
    # Anew means anew: what somebody read a moment ago will not do.
    tesla = replace(forwarding.tesla, use_cache="false")
    given = await tesla.send(route.grant, Call("GET", path))
    if given.status == 200:
        await _keep(forwarding, route, content_of(given))
    return await awake_or_record(forwarding, route, given)


async def _keep(forwarding: Forwarding, route: Route, reading: Any) -> None:
    access = await _access(forwarding, route)
    if isinstance(reading, dict):
        now = datetime.now(UTC)
        await forwarding.threads.quickly(
            lambda: vehicles.note_reading(access, reading, now)
        )


async def _auto(_forwarding: Forwarding, _route: Route) -> Response:
    return answer({"response": False})


async def _telemetry(forwarding: Forwarding, route: Route) -> Response:
    asked = validation.query(forwarding.endpoint, forwarding.request.query)
    access = await _access(forwarding, route)
    since_ms = int(asked.get("cursor", "0"))
    topics = {topic for topic in asked.get("topics", "").split(";") if topic}
    known = (
        ("state", access.vehicle.state, access.vehicle.state_at),
        ("vehicle_data", access.vehicle_data, access.vehicle_data_at),
    )
    snapshot: dict[str, Any] = {"cursor": since_ms}
    for topic, value, at in known:
        at_ms = int(at.timestamp() * 1000) if at and value else 0
        if at_ms > since_ms and (not topics or topic in topics):
            snapshot[topic] = value
            snapshot["cursor"] = max(snapshot["cursor"], at_ms)
    return answer({"response": snapshot})


_HANDLERS: Mapping[str, _Handler] = {
    "vehicle_config": _vehicle_config,
    "image": _image,
    "refresh": _refresh,
    "auto": _auto,
    "auto_start": _auto,
    "auto_stop": _auto,
    "telemetry": _telemetry,
    **configs.HANDLERS,
}
