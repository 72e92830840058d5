"""The window in which a buyer pays, with a stand-in for Paddle's script around it."""

from pathlib import Path

from aiohttp import web

from simulator.paddle.desk import desk_of
from simulator.paddle.entities import Customer, price_of
from simulator.paddle.ids import new_id
from simulator.paddle.refusals import Refused
from simulator.paddle.selling import known_transaction
from simulator.pages import render

_STATIC = Path(__file__).parent / "static"
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self';"
    " base-uri 'none'"
)


async def script(request: web.Request) -> web.Response:
    """Serve the stand-in for Paddle's script."""
    text = (_STATIC / "paddle.js").read_text(encoding="utf-8")
    headers = {"Cross-Origin-Resource-Policy": "cross-origin"}
    return web.Response(text=text, content_type="text/javascript", headers=headers)


async def buy(request: web.Request) -> web.Response:
    """Show what is to be paid, with Pay, Decline and Close."""
    return _window(request, "asked")


async def bought(request: web.Request) -> web.Response:
    """Do what the buyer pressed: pay, or have the bank decline."""
    desk, known = desk_of(request), known_transaction(request)
    form = await request.post()
    if known.customer_id is None:
        email = str(form.get("email", ""))
        customer = Customer(new_id("ctm"), email, desk.clock.now())
        desk.machine.customers[customer.id] = customer
        known.customer_id = customer.id
    if form.get("verb") == "decline":
        desk.machine.decline(known)
        return _window(request, "declined")
    if known.status == "canceled":
        return _window(request, "gone")
    try:
        desk.machine.pay(known)
    except Refused:
        return _window(request, "gone")
    return _window(request, "paid")


def _window(request: web.Request, step: str) -> web.Response:
    known = known_transaction(request)
    first = price_of(known.items, known.currency)
    places = 0 if known.currency == "JPY" else 2
    text = render(
        "paddle/buy.html",
        transaction=known,
        step=step,
        due=_amount(known.total, places),
        later=_amount(first, places),
    )
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store"}
    return web.Response(text=text, content_type="text/html", headers=headers)


def _amount(minor: int, places: int) -> str:
    whole, rest = divmod(minor, 10**places)
    return f"{whole}.{rest:0{places}d}" if places else str(whole)
