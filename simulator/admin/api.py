"""Offer the simulator's levers as JSON under `/admin/api`."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from simulator.admin import actions, streaming
from simulator.admin.overview import overview
from simulator.hub import Hub, hub_of
from simulator.streaming.lines import LINES

Work = Callable[[Hub, web.Request, dict[str, Any]], object]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def lever(work: Work) -> Handler:
    """Return a handler that reads JSON, does the work and answers JSON.

    Work that returns nothing answers `{"ok": true}`; a bad order answers 400 or 404
    with words under `error`.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            found = work(hub_of(request), request, await _body(request))
        except actions.NoSuchThing as error:
            return web.json_response({"error": str(error)}, status=404)
        except (actions.BadOrder, ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"ok": True} if found is None else found)

    return handle


async def _body(request: web.Request) -> dict[str, Any]:
    text = await request.text()
    body = json.loads(text) if text.strip() else {}
    if not isinstance(body, dict):
        raise actions.BadOrder("the body is not an object")
    return body


def show(hub: Hub, request: web.Request, body: dict[str, Any]) -> object:
    """Return everything at a glance."""
    return overview(hub)


def calls(hub: Hub, request: web.Request, body: dict[str, Any]) -> object:
    """Return the newest calls, oldest first."""
    return {"calls": [call.as_json() for call in hub.ledger.calls]}


def clear_calls(hub: Hub, request: web.Request, body: dict[str, Any]) -> None:
    """Forget calls and counts."""
    hub.ledger.clear()


def billed(hub: Hub, request: web.Request, body: dict[str, Any]) -> object:
    """Return billable calls by category and their price in dollars."""
    return {"calls": hub.ledger.billed(), "usd": str(hub.ledger.dollars())}


def faults(hub: Hub, request: web.Request, body: dict[str, Any]) -> object:
    """Return the orders for bad weather."""
    return {"faults": [fault.as_json() for fault in hub.faults.orders]}


def add_fault(hub: Hub, request: web.Request, body: dict[str, Any]) -> object:
    """Order bad weather; the body holds the fields of a fault."""
    return hub.faults.add(**body).as_json()


def clear_faults(hub: Hub, request: web.Request, body: dict[str, Any]) -> None:
    """End all bad weather and drop the calls that hang."""
    hub.faults.clear()
    hub.faults.release()


def remove_fault(hub: Hub, request: web.Request, body: dict[str, Any]) -> None:
    """End one order."""
    number = request.match_info["number"]
    if not hub.faults.remove(int(number)):
        raise actions.NoSuchThing(f"there is no fault {number}")


def clock(hub: Hub, request: web.Request, body: dict[str, Any]) -> object:
    """Move the time ahead by `advance_s` and return it."""
    actions.advance(hub, body.get("advance_s", 0))
    return {"now": hub.clock.now().isoformat()}


def car(hub: Hub, request: web.Request, body: dict[str, Any]) -> object:
    """Change a car: `state`, `pair` and `unpair` (domains); `wake_up` (true).

    The facts that `actions.set_facts` names are set. `take_from` and `give_back` name the email of the person whose list it leaves or
    comes back to.
    """
    vin = request.match_info["vin"]
    if "state" in body:
        actions.put_car(hub, vin, body["state"])
    if "pair" in body:
        actions.pair_car(hub, vin, str(body["pair"]))
    if "unpair" in body:
        actions.unpair_car(hub, vin, str(body["unpair"]))
    facts = {name: body[name] for name in actions.FACTS if name in body}
    if facts:
        actions.set_facts(hub, vin, facts)
    if "take_from" in body:
        actions.take_car(hub, vin, str(body["take_from"]))
    if "give_back" in body:
        actions.give_car_back(hub, vin, str(body["give_back"]))
    found = hub.world.cars.get(vin)
    if found is None:
        raise actions.NoSuchThing(f"there is no car {vin}")
    if body.get("wake_up") is True:
        found.wake_up()
    return {"vin": vin, "state": found.state}


def commands(hub: Hub, request: web.Request, body: dict[str, Any]) -> object:
    """Return the last commands that a car was told, newest first."""
    told = hub.commands.of(request.match_info["vin"])
    return {"commands": [one.as_json() for one in told]}


def telemetry(hub: Hub, request: web.Request, body: dict[str, Any]) -> object:
    """Change and return how a car streams.

    The facts that `streaming.set_streaming` names are set; a true `drive_now` sends the
    car out; `send` is "alert" or "error".
    """
    vin = request.match_info["vin"]
    given = dict(body)
    sets_out, mishap = given.pop("drive_now", False), given.pop("send", None)
    streaming.set_streaming(hub, vin, given)
    if sets_out is True:
        streaming.send_out(hub, vin)
    if mishap is not None:
        streaming.order_mishap(hub, vin, str(mishap))
    return streaming.streaming_of(hub, request.config_dict[LINES], vin)


def scopes(hub: Hub, request: web.Request, body: dict[str, Any]) -> None:
    """Change the `scopes` that a person grants to `client_id`."""
    email = request.match_info["email"]
    actions.set_scopes(hub, email, str(body.get("client_id")), body.get("scopes"))


def revoke(hub: Hub, request: web.Request, body: dict[str, Any]) -> None:
    """End a person's consent to `client_id`."""
    email = request.match_info["email"]
    actions.revoke(hub, email, str(body.get("client_id")))


def password_reset(hub: Hub, request: web.Request, body: dict[str, Any]) -> None:
    """End a person's refresh tokens."""
    actions.reset_password(hub, request.match_info["email"])


def switches(hub: Hub, request: web.Request, body: dict[str, Any]) -> object:
    """Set the switches named in the body and return all."""
    for name, value in body.items():
        hub.switches.put(name, value)
    streaming.end_over_limit(hub)
    return hub.switches.as_json()


def tempo(hub: Hub, request: web.Request, body: dict[str, Any]) -> None:
    """Set how long things take."""
    actions.set_tempo(hub, body)


def reset(hub: Hub, request: web.Request, body: dict[str, Any]) -> None:
    """Go back to the seeded start."""
    hub.reset()
