"""Put the doors of the pretend Paddle together."""

import hmac
from pathlib import Path

from aiohttp import web

from simulator.paddle import checkout, keeping, levers, selling
from simulator.paddle.desk import DESK, Desk, desk_of
from simulator.paddle.known import API_KEY
from simulator.paddle.refusals import Refused
from simulator.spoiling import Handler, due, spoil

_OPEN = ("/buy/", "/_", "/static/", "/paddle.js", "/checkout.js")
_SUBSCRIPTION = "/subscriptions/{id}"


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in who has the key, spoil what is to be spoiled, answer refusals."""
    try:
        if request.path == "/" or request.path.startswith(_OPEN):
            return await handler(request)
        desk = desk_of(request)
        desk.calls.append((request.method, request.path))
        _check_key(request.headers.get("Authorization", ""))
        fault = due(desk.faults, request)
        if fault is None:
            return await handler(request)
        code = "too_many_requests" if fault.status == 429 else "internal_error"
        return await spoil(request, handler, fault, Refused(fault.status, code).answer)
    except Refused as refused:
        return refused.answer


def _check_key(given: str) -> None:
    if not hmac.compare_digest(given.encode(), f"Bearer {API_KEY}".encode()):
        raise Refused(403, "authentication_malformed")


async def _own_script(request: web.Request) -> web.Response:
    path = Path(__file__).parent / "static" / "checkout.js"
    text = path.read_text(encoding="utf-8")
    return web.Response(text=text, content_type="text/javascript")


async def _begin_and_end(app: web.Application) -> None:
    await app[DESK].sender.close()


def make_app(desk: Desk) -> web.Application:
    """Return the pretend Paddle as one application."""
    app = web.Application(middlewares=[_guard])
    app[DESK] = desk
    app.on_shutdown.append(_begin_and_end)
    app.add_routes(
        [
            web.static("/static", Path(__file__).parent.parent / "static"),
            web.get("/", levers.front),
            web.post("/", levers.pull),
            web.get("/paddle.js", checkout.script),
            web.get("/checkout.js", _own_script),
            web.get("/buy/{id}", checkout.buy),
            web.post("/buy/{id}", checkout.bought),
            web.post("/_clock", levers.clock),
            web.post("/_weather", levers.weather),
            web.post("/_faults", levers.fault),
            web.get("/prices/{id}", selling.price),
            web.get("/customers", selling.customers),
            web.post("/customers", selling.new_customer),
            web.get("/transactions", selling.transactions),
            web.post("/transactions", selling.new_transaction),
            web.get("/transactions/{id}", selling.transaction),
            web.patch("/transactions/{id}", selling.change_transaction),
            web.get("/subscriptions", keeping.subscriptions),
            web.get(_SUBSCRIPTION, keeping.subscription),
            web.patch(_SUBSCRIPTION, keeping.change),
            web.patch(f"{_SUBSCRIPTION}/preview", keeping.preview),
            web.post(f"{_SUBSCRIPTION}/pause", keeping.pause),
            web.post(f"{_SUBSCRIPTION}/resume", keeping.resume),
            web.post(f"{_SUBSCRIPTION}/cancel", keeping.cancel),
            web.get(
                f"{_SUBSCRIPTION}/update-payment-method-transaction",
                keeping.payment_method,
            ),
        ]
    )
    return app
