"""Levers that move the pretend Stripe from outside, for tests and for the demo."""

from typing import Any

from aiohttp import web

from simulator.mailing import Weather
from simulator.pages import page
from simulator.spoiling import Fault
from simulator.stripe.desk import desk_of
from simulator.stripe.entities import seconds
from simulator.stripe.refusals import Refused, missing, only


async def _ordered(request: web.Request, *known: str) -> dict[str, Any]:
    body = await request.json()
    if not isinstance(body, dict):
        raise Refused(400, "parameter_invalid")
    only(body, *known)
    return body


async def clock(request: web.Request) -> web.Response:
    """Move the time ahead by `seconds`, and do what is due by then."""
    body = await _ordered(request, "seconds")
    desk_of(request).advance(float(body["seconds"]))
    return web.json_response({"now": seconds(desk_of(request).clock.now())})


async def weather(request: web.Request) -> web.Response:
    """Set what goes wrong with notifications on their way."""
    body = await _ordered(request, "delay_s", "copies", "lose", "reverse_s")
    desk_of(request).sender.weather = Weather(**body)
    return web.json_response({})


async def fault(request: web.Request) -> web.Response:
    """Spoil the next calls that fit."""
    known = ("method", "path", "status", "is_lost", "retry_after_s", "times")
    desk_of(request).faults.append(Fault(**await _ordered(request, *known)))
    return web.json_response({})


async def front(request: web.Request) -> web.Response:
    """Show the subscriptions, with levers for the demo."""
    desk = desk_of(request)
    rows = [
        (one, desk.machine.customers[one.customer_id].email or one.customer_id)
        for one in desk.machine.subscriptions.values()
    ]
    return page("stripe/front.html", rows=rows, now=desk.clock.now())


async def pull(request: web.Request) -> web.Response:
    """Do what was pressed on the page, and show it again."""
    desk, form = desk_of(request), await request.post()
    verb = str(form.get("verb"))
    if verb == "advance":
        desk.advance(86_400 * int(str(form.get("days", "1"))))
        raise web.HTTPSeeOther("/")
    known = desk.machine.subscriptions.get(str(form.get("subscription")))
    if known is None:
        raise missing("subscription", str(form.get("subscription")))
    if verb not in {"break", "mend"}:
        raise Refused(400, "parameter_invalid", param="verb")
    known.card_works = verb == "mend"
    raise web.HTTPSeeOther("/")
