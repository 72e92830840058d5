"""Answer at Tesla's own addresses that change what cars stream.

They change the same configuration as `/api/config/{vin}`, so that its rules hold here.
"""

from collections.abc import Awaitable, Callable, Mapping

from api import configs
from api.forward import Forwarding, body_of, pass_on, route_of, send
from api.responses import Response, answer
from api.routing import check_scope, choose_for_all
from tokens import bell
from vehicles.services.telemetry import queue, wishes


async def _remove(forwarding: Forwarding) -> Response:
    """Take the car's wish away; where there is none, have Tesla delete what it has."""
    route = route_of(forwarding)
    check_scope(route.grant, forwarding.endpoint.scopes)
    if await configs.take_away(forwarding, route):
        return answer({"response": {"updated_vehicles": 1}})
    await configs.check_owner(forwarding, route)
    return pass_on(await send(forwarding, route, await body_of(forwarding)))


async def _send(forwarding: Forwarding) -> Response:
    """Pass a configuration on; cars with a wish of their own are looked at anew."""
    sent = await body_of(forwarding)
    route = choose_for_all(forwarding.reach, sent["vins"])
    check_scope(route.grant, forwarding.endpoint.scopes)
    given = await send(forwarding, route, sent)

    def look_soon() -> None:
        for vin in queue.look_soon(sent["vins"]):
            bell.ring_by_name(wishes.RECONCILE, vin)

    if given.status == 200:
        await forwarding.threads.quickly(look_soon)
    return pass_on(given)


HANDLERS: Mapping[str, Callable[[Forwarding], Awaitable[Response]]] = {
    "fleet_telemetry_config_create": _send,
    "fleet_telemetry_config_jws": _send,
    "fleet_telemetry_config_delete": _remove,
}
"""The handler of each such endpoint by its name."""
