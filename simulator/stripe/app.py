"""Put the doors of the pretend Stripe together."""

import hmac
from email.utils import format_datetime
from pathlib import Path

from aiohttp import web

from simulator.spoiling import Handler, due, spoil
from simulator.stripe import api, levers, pages
from simulator.stripe.desk import DESK, Desk, Said, desk_of
from simulator.stripe.known import API_KEY
from simulator.stripe.refusals import Refused

_SUBSCRIPTION = "/v1/subscriptions/{id}"
_SESSION = "/v1/checkout/sessions"


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in who has the key, spoil what is to be spoiled, answer refusals."""
    desk = desk_of(request)
    answer = await _answer(desk, request, handler)
    if not answer.prepared and request.path.startswith("/v1/"):
        answer.headers["Date"] = format_datetime(desk.clock.now(), usegmt=True)
    return answer


async def _answer(
    desk: Desk, request: web.Request, handler: Handler
) -> web.StreamResponse:
    try:
        if not request.path.startswith("/v1/"):
            return await handler(request)
        desk.calls.append((request.method, request.path))
        _check_key(request.headers.get("Authorization", ""))
        fault = due(desk.faults, request)
        if fault is None:
            return await _once(request, handler)
        code = "rate_limit" if fault.status == 429 else "internal_error"
        refusal = Refused(fault.status, code).answer

        async def work(same: web.Request) -> web.StreamResponse:
            return await _once(same, handler)

        return await spoil(request, work, fault, refusal)
    except Refused as refused:
        return refused.answer


def _check_key(given: str) -> None:
    if not hmac.compare_digest(given.encode(), f"Bearer {API_KEY}".encode()):
        raise Refused(401, "api_key_invalid", "Invalid API Key provided.")


async def _once(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Do what is asked, once for each idempotency key; then give the same answer."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method != "POST":
        return await handler(request)
    answers = desk_of(request).answers
    asked = f"{request.path}?{await request.text()}"
    said = answers.get(key)
    if said is None:
        answer = await handler(request)
        if isinstance(answer, web.Response) and isinstance(answer.body, bytes):
            answers[key] = Said(asked, answer.status, answer.body)
        return answer
    if said.asked != asked:
        raise Refused(400, "idempotency_key_in_use", kind="idempotency_error")
    return web.Response(
        body=said.body,
        status=said.status,
        content_type="application/json",
        headers={"Idempotent-Replayed": "true"},
    )


async def _end(app: web.Application) -> None:
    await app[DESK].sender.close()


def make_app(desk: Desk) -> web.Application:
    """Return the pretend Stripe as one application."""
    app = web.Application(middlewares=[_guard])
    app[DESK] = desk
    app.on_shutdown.append(_end)
    app.add_routes(
        [
            web.static("/static", Path(__file__).parent.parent / "static"),
            web.get("/", levers.front),
            web.post("/", levers.pull),
            web.post("/_clock", levers.clock),
            web.post("/_weather", levers.weather),
            web.post("/_faults", levers.fault),
            web.get("/pay/{id}", pages.pay),
            web.post("/pay/{id}", pages.paid),
            web.get("/portal/{id}", pages.portal),
            web.post("/portal/{id}", pages.portal_done),
            web.get("/v1/prices/{id}", api.price),
            web.post("/v1/customers", api.new_customer),
            web.post(_SESSION, api.new_session),
            web.get(f"{_SESSION}/{{id}}", api.session),
            web.post(f"{_SESSION}/{{id}}/expire", api.expire_session),
            web.post("/v1/billing_portal/sessions", api.new_portal),
            web.get("/v1/subscriptions", api.subscriptions),
            web.get(_SUBSCRIPTION, api.subscription),
            web.post(_SUBSCRIPTION, api.change),
            web.delete(_SUBSCRIPTION, api.cancel),
            web.post(f"{_SUBSCRIPTION}/resume", api.resume),
        ]
    )
    return app
