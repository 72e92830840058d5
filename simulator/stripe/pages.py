"""The pages of the pretend Stripe that a buyer clicks: the checkout and the portal."""

from aiohttp import web

from simulator.pages import render
from simulator.stripe.api import known_session
from simulator.stripe.desk import desk_of
from simulator.stripe.entities import Subscription, cost_of
from simulator.stripe.refusals import Refused, missing

_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'"


def _page(template: str, **facts: object) -> web.Response:
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    text = render(template, **facts)
    return web.Response(text=text, content_type="text/html", headers=headers)


def amount_of(minor: int) -> str:
    """Write an amount of a currency that has cents."""
    return f"{minor // 100}.{minor % 100:02d}"


async def pay(request: web.Request) -> web.Response:
    """Show what is to be paid, with Pay, Decline and the way back."""
    return _pay(request, "")


def _pay(request: web.Request, error: str) -> web.Response:
    known = known_session(request)
    return _page(
        "stripe/pay.html", session=known, total=amount_of(known.total), error=error
    )


async def paid(request: web.Request) -> web.Response:
    """Do what the buyer pressed: pay, or have the bank decline."""
    desk, known = desk_of(request), known_session(request)
    form = await request.post()
    if form.get("verb") == "decline":
        return _pay(request, "The bank declined the card. Try another.")
    try:
        desk.machine.pay(known)
    except Refused:
        return _pay(request, "This was paid already, or has expired.")
    back = known.success_url.replace("{CHECKOUT_SESSION_ID}", known.id)
    raise web.HTTPSeeOther(back)


async def portal(request: web.Request) -> web.Response:
    """Show what a customer has, with the buttons of the flow that was asked for."""
    customer_id, back, flow = _asked(request)
    machine = desk_of(request).machine
    rows = [
        (one, amount_of(cost_of(one.items, one.currency)))
        for one in machine.subscriptions.values()
        if one.customer_id == customer_id and one.status != "canceled"
    ]
    return _page("stripe/portal.html", rows=rows, back=back, flow=flow)


async def portal_done(request: web.Request) -> web.Response:
    """Do what the customer pressed, and show the portal again."""
    customer_id, _, _ = _asked(request)
    machine, form = desk_of(request).machine, await request.post()
    known = machine.subscriptions.get(str(form.get("subscription")))
    if known is None or known.customer_id != customer_id:
        raise missing("subscription", "")
    _do(request, known, str(form.get("verb")))
    raise web.HTTPSeeOther(request.path)


def _do(request: web.Request, known: Subscription, verb: str) -> None:
    machine = desk_of(request).machine
    match verb:
        case "card":
            machine.new_card(known)
        case "cancel" | "keep":
            machine.end_with_period(known, ends=verb == "cancel")
        case _:
            raise Refused(400, "parameter_invalid", param="verb")


def _asked(request: web.Request) -> tuple[str, str, str]:
    asked = desk_of(request).machine.portals.get(request.match_info["id"])
    if asked is None:
        raise missing("billing_portal.session", request.match_info["id"])
    return asked
