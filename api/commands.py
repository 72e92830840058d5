"""Carry a command to a car: everything that moves or sets something goes through here."""

from api.forward import Forwarding, body_of, pass_on, route_of, send
from api.responses import Refusal, Response
from api.routing import check_scope


async def run(forwarding: Forwarding) -> Response:
    """Answer a command of the table, custom ones included.

    The body is checked before anybody is asked. Raises `Refusal` and `FleetError`.
    """
    route = route_of(forwarding)
    endpoint = forwarding.endpoint
    check_scope(route.grant, endpoint.scopes)
    sent = {} if endpoint.method == "GET" else await body_of(forwarding)
    if endpoint.is_custom:
        raise Refusal(
            422,
            "not_supported",
            "Cars take this command signed only, and Tesla has no address for it.",
        )
    if endpoint.command == "window_control":
        # Tesla wants a place even where none is needed.
        sent = {"lat": 0, "lon": 0, **sent}
    return pass_on(await send(forwarding, route, sent))
