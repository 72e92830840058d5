"""Answer about one car from what was read of it before, or read it anew."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import redis

from api import configs, validation
from api.forward import Forwarding, awake_or_record, content_of, route_of
from api.reach import Route
from api.responses import Refusal, Response, answer
from api.routing import check_scope
from api.tesla import Call
from events import latest
from events.errors import Unavailable
from events.event import Event, Topic
from events.latest import Snapshot
from fleet.endpoints import SNAPSHOT_TOPICS, VEHICLE_DATA_GROUPS
from fleet.pictures import picture_url
from fleet.scopes import Scope
from tokens import shared
from vehicles import places
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
    """Answer what was last heard of a car, since a cursor where one is given.

    What streams told and what calls read: the newer of the two.
    """
    asked = validation.query(forwarding.endpoint, forwarding.request.query)
    since = int(asked.get("cursor", "0"))
    topics = set(asked.get("topics", "").split(";")) - {""} or set(SNAPSHOT_TOPICS)
    access = await _access(forwarding, route)
    heard = await _heard(forwarding, route)
    found: dict[str, Any] = {"cursor": max(since, heard.cursor)}
    for topic, event in heard.others.items():
        if topic in topics and heard.came[topic] > since:
            found[topic.value] = _told(event)
    for name, value, at in (
        ("state", access.vehicle.state, access.vehicle.state_at),
        ("vehicle_data", _reading(access), access.vehicle_data_at),
    ):
        at_ms = int(at.timestamp() * 1000) if at and value else 0
        known = heard.others.get(Topic(name))
        if name in topics and at_ms > max(since, known.at_ms if known else 0):
            found[name] = value
            found["cursor"] = max(found["cursor"], at_ms)
    values = {
        name: orjson.loads(one.value)
        for name, one in heard.signals.items()
        if one.came > since
    }
    if values and Topic.DATA in topics:
        found["data"] = values
    return answer({"response": found})


async def _heard(forwarding: Forwarding, route: Route) -> Snapshot:
    """Return what streams told of a car that the caller may know now.

    Nothing while Redis is away.
    """
    user_id = forwarding.caller.user_id

    def read(client: redis.Redis) -> Snapshot:
        return latest.snapshot(client, user_id, route.tag)

    try:
        found = await forwarding.threads.quickly(lambda: shared.ask(read))
    except Unavailable:
        found = None
    known = found or Snapshot(route.tag)
    is_open = route.tag in forwarding.reach.places()
    return places.shown(known, sees_location=is_open)


def _reading(access: VehicleAccess) -> dict[str, Any]:
    may_locate = places.sees_location(access)
    return places.reading(access.vehicle_data or {}, sees_location=may_locate)


def _told(event: Event) -> Any:
    content = orjson.loads(event.body)
    if event.topic is Topic.CONNECTIVITY:
        return {name: content[name] for name in ("networkInterface", "status")}
    return content[event.topic.value]


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
