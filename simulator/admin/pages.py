"""Show the admin page and take its forms."""

from collections.abc import Callable
from urllib.parse import quote

from aiohttp import web
from multidict import MultiMapping

from simulator.admin import actions
from simulator.admin.overview import overview
from simulator.admin.streaming import (
    order_mishap,
    send_out,
    set_streaming,
    streaming_of,
)
from simulator.faults import FaultKind
from simulator.hub import Hub, hub_of
from simulator.pages import message, page
from simulator.streaming.lines import LINES

_Form = MultiMapping[object]
_NEWEST = 30


async def front(request: web.Request) -> web.StreamResponse:
    """Lead to the admin page."""
    return web.Response(status=302, headers={"Location": "/admin"})


async def admin(request: web.Request) -> web.StreamResponse:
    """Show people, cars, bills, weather and the newest calls."""
    hub = hub_of(request)
    newest = hub.ledger.calls[-_NEWEST:][::-1]
    return page(
        "admin.html",
        found=overview(hub),
        now=hub.clock.now(),
        calls=newest,
        kinds=[kind.value for kind in FaultKind],
        streaming=[
            streaming_of(hub, request.config_dict[LINES], vin) for vin in hub.world.cars
        ],
        said=request.query.get("said", ""),
    )


async def admin_step(request: web.Request) -> web.StreamResponse:
    """Do what a form of the page asks for, then show the page again."""
    verb = _VERBS.get(request.match_info["verb"])
    if verb is None:
        return message("No such thing", "The simulator cannot do that.", 404)
    try:
        said = verb(hub_of(request), await request.post())
    except (actions.BadOrder, ValueError) as error:
        return message("That did not work", str(error), 400, back="/admin")
    return web.Response(status=303, headers={"Location": f"/admin?said={quote(said)}"})


def _advance(hub: Hub, form: _Form) -> str:
    actions.advance(hub, float(_text(form, "advance_s")))
    return "The time has moved."


def _car(hub: Hub, form: _Form) -> str:
    state = _text(form, "state")
    car = actions.put_car(hub, _text(form, "vin"), state)
    if car.state != state:
        return f"{car.name} is {car.state}: it is in use."
    return f"{car.name} is {car.state}."


def _set_fact(hub: Hub, form: _Form) -> str:
    name, value = _text(form, "name"), _text(form, "value") == "true"
    car = actions.set_facts(hub, _text(form, "vin"), {name: value})
    if name == "reboot":
        return f"The computers of {car.name} have started again."
    return f"{car.name}: {name.replace('_', ' ')} is {'on' if value else 'off'}."


def _set_streaming(hub: Hub, form: _Form) -> str:
    name, text = _text(form, "name"), _text(form, "value")
    value = text if name == "unsupported" else text == "true"
    car = set_streaming(hub, _text(form, "vin"), {name: value})
    if name == "unsupported":
        return f"{car.name}: {text or 'nothing'} is too old for streaming."
    return f"{car.name}: {name.replace('_', ' ')} is {'on' if value else 'off'}."


def _drive_now(hub: Hub, form: _Form) -> str:
    return f"{send_out(hub, _text(form, 'vin')).name} sets out."


def _mishap(hub: Hub, form: _Form) -> str:
    kind = _text(form, "kind")
    return f"{order_mishap(hub, _text(form, 'vin'), kind).name} sends an {kind}."


def _set_switch(hub: Hub, form: _Form) -> str:
    name, value = _text(form, "name"), _text(form, "value") == "true"
    hub.switches.put(name, value)
    return f"{name} is {'on' if value else 'off'}."


def _take_car(hub: Hub, form: _Form) -> str:
    email = _text(form, "email")
    car = actions.take_car(hub, _text(form, "vin"), email)
    return f"{car.name} is gone from the list of {email}."


def _give_car_back(hub: Hub, form: _Form) -> str:
    email = _text(form, "email")
    car = actions.give_car_back(hub, _text(form, "vin"), email)
    return f"{car.name} is back on the list of {email}."


def _revoke(hub: Hub, form: _Form) -> str:
    actions.revoke(hub, _text(form, "email"), _text(form, "client_id"))
    return "The consent is revoked."


def _reset_password(hub: Hub, form: _Form) -> str:
    actions.reset_password(hub, _text(form, "email"))
    return "The password is reset: refresh tokens have ended."


def _add_fault(hub: Hub, form: _Form) -> str:
    hub.faults.add(
        _text(form, "kind"),
        _text(form, "path") or "*",
        count=int(_text(form, "count") or 1),
        status=int(_text(form, "status") or 0),
        seconds=float(_text(form, "seconds") or 0),
    )
    return "The weather has turned."


def _clear_faults(hub: Hub, form: _Form) -> str:
    hub.faults.clear()
    hub.faults.release()
    return "The weather is fine."


def _clear_calls(hub: Hub, form: _Form) -> str:
    hub.ledger.clear()
    return "The counts are at zero."


def _text(form: _Form, name: str) -> str:
    return str(form.get(name, "")).strip()


_VERBS: dict[str, Callable[[Hub, _Form], str]] = {
    "advance": _advance,
    "car": _car,
    "set_fact": _set_fact,
    "set_switch": _set_switch,
    "set_streaming": _set_streaming,
    "drive_now": _drive_now,
    "mishap": _mishap,
    "take_car": _take_car,
    "give_car_back": _give_car_back,
    "revoke": _revoke,
    "reset_password": _reset_password,
    "add_fault": _add_fault,
    "clear_faults": _clear_faults,
    "clear_calls": _clear_calls,
}
