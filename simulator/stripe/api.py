"""The API of the pretend Stripe: prices, customers, checkouts, portal, subscriptions."""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from simulator.stripe.catalog import amount, currency_options
from simulator.stripe.desk import Desk, desk_of
from simulator.stripe.entities import Customer, Item, Session, Subscription
from simulator.stripe.forms import nested, rows, texts, words
from simulator.stripe.ids import new_id
from simulator.stripe.refusals import Refused, missing, only, yes_or_no

_FLOWS = ("payment_method_update", "subscription_cancel")


async def form_of(request: web.Request) -> dict[str, Any]:
    """Read a nested form."""
    return nested((key, str(value)) for key, value in (await request.post()).items())


def listed(request: web.Request, entities: Iterable[dict[str, Any]]) -> web.Response:
    """Answer with one page of a list, the newest first as Stripe has it."""
    everything = list(entities)[::-1]
    limit = min(100, int(request.query.get("limit", "10")))
    after = request.query.get("starting_after")
    if after is not None:
        ids = [one["id"] for one in everything]
        if after not in ids:
            raise missing("object", after)
        everything = everything[ids.index(after) + 1 :]
    return web.json_response(
        {
            "object": "list",
            "data": everything[:limit],
            "has_more": len(everything) > limit,
            "url": request.path,
        }
    )


async def price(request: web.Request) -> web.Response:
    """Show a price of the catalog, in all its currencies where that is asked for."""
    known = desk_of(request).machine.prices.get(request.match_info["id"])
    if known is None:
        raise missing("price", request.match_info["id"])
    if is_expanded(request, "currency_options"):
        known = {**known, "currency_options": currency_options(known)}
    return web.json_response(known)


async def new_customer(request: web.Request) -> web.Response:
    """Make a customer; any number may have one address."""
    desk, body = desk_of(request), await form_of(request)
    only(body, "email", "name", "metadata")
    made = Customer(
        new_id("cus"), body.get("email"), desk.clock.now(), texts(body, "metadata")
    )
    desk.machine.customers[made.id] = made
    return web.json_response(made.entity())


def _items(desk: Desk, body: dict[str, Any], currency: str) -> list[Item]:
    found: list[Item] = []
    for row in rows(body, "line_items"):
        only(row, "price", "quantity")
        known = desk.machine.prices.get(str(row.get("price")))
        if known is None:
            raise missing("price", str(row.get("price")))
        amount(known, currency)
        found.append((known, int(row.get("quantity", "0"))))
    if not found or any(not 1 <= quantity <= 999 for _, quantity in found):
        raise Refused(400, "parameter_invalid_integer", param="line_items")
    if len({one["recurring"]["interval"] for one, _ in found}) != 1:
        raise Refused(400, "checkout_mixed_intervals", param="line_items")
    return found


async def new_session(request: web.Request) -> web.Response:
    """Open a checkout that waits for its buyer."""
    desk, body = desk_of(request), await form_of(request)
    only(
        body,
        *("mode", "customer", "line_items", "currency", "metadata"),
        *("subscription_data", "success_url", "cancel_url"),
    )
    if body.get("mode") != "subscription" or not body.get("success_url"):
        raise Refused(400, "parameter_missing", param="mode")
    customer_id = str(body.get("customer"))
    if customer_id not in desk.machine.customers:
        raise missing("customer", customer_id)
    currency = str(body.get("currency", "usd"))
    born = body.get("subscription_data")
    made = Session(
        id=new_id("cs_test"),
        customer_id=customer_id,
        items=_items(desk, body, currency),
        currency=currency,
        success_url=str(body["success_url"]),
        cancel_url=str(body.get("cancel_url", "")),
        created_at=desk.clock.now(),
        metadata=texts(body, "metadata"),
        subscription_metadata=texts(born, "metadata") if isinstance(born, dict) else {},
    )
    desk.machine.sessions[made.id] = made
    return web.json_response(shown(desk, made))


def shown(desk: Desk, session: Session) -> dict[str, Any]:
    """Return a session with the address of its page."""
    return session.entity(f"{desk.public_url}/pay/{session.id}")


def known_session(request: web.Request) -> Session:
    """Return the session in the address. Raises `Refused`."""
    known = desk_of(request).machine.sessions.get(request.match_info["id"])
    if known is None:
        raise missing("checkout.session", request.match_info["id"])
    return known


async def session(request: web.Request) -> web.Response:
    """Show a session, with its invoice where that is asked for."""
    desk, known = desk_of(request), known_session(request)
    entity = shown(desk, known)
    if is_expanded(request, "invoice") and known.invoice_id:
        entity["invoice"] = desk.machine.invoices[known.invoice_id].entity()
    return web.json_response(entity)


async def expire_session(request: web.Request) -> web.Response:
    """Close a session that nobody has paid."""
    desk, known = desk_of(request), known_session(request)
    if known.status != "open":
        raise Refused(400, "checkout_session_not_open")
    known.status = "expired"
    return web.json_response(shown(desk, known))


async def new_portal(request: web.Request) -> web.Response:
    """Give a short-lived page on which a customer manages what they have."""
    desk, body = desk_of(request), await form_of(request)
    only(body, "customer", "return_url", "flow_data")
    customer_id = str(body.get("customer"))
    if customer_id not in desk.machine.customers:
        raise missing("customer", customer_id)
    flow = body.get("flow_data")
    kind = str(flow.get("type")) if isinstance(flow, dict) else ""
    if kind and kind not in _FLOWS:
        raise Refused(400, "parameter_invalid", param="flow_data[type]")
    pk = new_id("bps")
    desk.machine.portals[pk] = (customer_id, str(body.get("return_url", "")), kind)
    return web.json_response(
        {
            "id": pk,
            "object": "billing_portal.session",
            "customer": customer_id,
            "return_url": body.get("return_url"),
            "url": f"{desk.public_url}/portal/{pk}",
        }
    )


async def subscriptions(request: web.Request) -> web.Response:
    """List subscriptions: those that run, or all."""
    status = request.query.get("status", "")
    customer = request.query.get("customer")
    return listed(
        request,
        (
            one.entity()
            for one in desk_of(request).machine.subscriptions.values()
            if customer in {None, one.customer_id}
            and (status in {"all", one.status} or not status)
            and (status or one.status != "canceled")
        ),
    )


def known_subscription(request: web.Request) -> Subscription:
    """Return the subscription in the address. Raises `Refused`."""
    known = desk_of(request).machine.subscriptions.get(request.match_info["id"])
    if known is None:
        raise missing("subscription", request.match_info["id"])
    return known


async def subscription(request: web.Request) -> web.Response:
    """Show a subscription."""
    return web.json_response(known_subscription(request).entity())


async def change(request: web.Request) -> web.Response:
    """Have it end with its period or go on, and keep notes on it."""
    desk, body = desk_of(request), await form_of(request)
    known = known_subscription(request)
    only(body, "cancel_at_period_end", "metadata", "pause_collection")
    if known.status == "canceled":
        raise Refused(400, "resource_missing", "A canceled subscription cannot change.")
    known.metadata.update(texts(body, "metadata"))
    if body.get("pause_collection") == "":
        known.collects = True
    if "cancel_at_period_end" in body:
        ends = yes_or_no(body, "cancel_at_period_end")
        desk.machine.end_with_period(known, ends=ends)
    else:
        desk.machine.changed(known)
    return web.json_response(known.entity())


async def cancel(request: web.Request) -> web.Response:
    """End it now."""
    desk, known = desk_of(request), known_subscription(request)
    if known.status == "canceled":
        raise missing("subscription", known.id)
    desk.machine.cancel(known)
    return web.json_response(known.entity())


async def resume(request: web.Request) -> web.Response:
    """Resume a pause: a new period begins and is charged."""
    desk, known = desk_of(request), known_subscription(request)
    body = await form_of(request)
    only(body, "billing_cycle_anchor", "proration_behavior")
    if known.status != "paused":
        raise Refused(400, "subscription_not_paused")
    known.period_end = desk.clock.now()
    desk.machine.renew(known)
    return web.json_response(known.entity())


def is_expanded(request: web.Request, name: str) -> bool:
    """Tell whether a request asks for something to be shown whole."""
    return name in words(nested(request.query.items()), "expand")
