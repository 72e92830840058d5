"""The API of what leads to a subscription: prices, customers, transactions."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from aiohttp import web

from simulator.paddle.catalog import amount, currency_of
from simulator.paddle.desk import Desk, desk_of
from simulator.paddle.entities import Customer, Item, Transaction
from simulator.paddle.ids import new_id
from simulator.paddle.refusals import Refused, one_of, only


def found(data: dict[str, Any], status: int = 200) -> web.Response:
    """Answer with one entity."""
    envelope = {"data": data, "meta": {"request_id": new_id("req")}}
    return web.json_response(envelope, status=status)


def listed(request: web.Request, rows: Iterable[dict[str, Any]]) -> web.Response:
    """Answer with one page of a list; `after` is the id of the last one before."""
    ordered = sorted(rows, key=lambda row: (row["created_at"], row["id"]), reverse=True)
    ids = [row["id"] for row in ordered]
    after = request.query.get("after")
    begin = ids.index(after) + 1 if after in ids else 0
    per_page = min(200, int(request.query.get("per_page", "50")))
    page = ordered[begin : begin + per_page]
    query = {**request.query, "after": page[-1]["id"] if page else after or ""}
    pagination = {
        "per_page": per_page,
        "next": str(request.url.with_query(query)),
        "has_more": begin + per_page < len(ordered),
        "estimated_total": len(ordered),
    }
    meta = {"request_id": new_id("req"), "pagination": pagination}
    return web.json_response({"data": page, "meta": meta})


async def body_of(request: web.Request) -> dict[str, Any]:
    """Return the JSON object that was sent. Raises `Refused`."""
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise Refused(400, "bad_request") from error
    if not isinstance(body, dict):
        raise Refused(400, "bad_request")
    return body


def items_of(desk: Desk, body: Mapping[str, Any]) -> list[Item]:
    """Read `items` of the catalog. Raises `Refused`."""
    rows = body.get("items")
    if not isinstance(rows, list) or not 1 <= len(rows) <= 100:
        raise Refused(400, "invalid_field", "items is a list of 1 to 100")
    items = []
    for row in rows:
        only(row, "price_id", "price", "quantity")
        quantity = row.get("quantity")
        if not isinstance(quantity, int) or not 1 <= quantity <= 100:
            raise Refused(400, "transaction_item_quantity_out_of_range")
        items.append((_price(desk, row), quantity))
    if len({json.dumps(price["billing_cycle"]) for price, _ in items}) != 1:
        raise Refused(400, "transaction_recurring_items_different_billing_cycle")
    return items


def _price(desk: Desk, row: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(row.get("price"), dict):
        return _own_price(desk, row["price"])
    price = desk.machine.prices.get(str(row.get("price_id")))
    if price is None:
        raise Refused(400, "price_not_found")
    return price


def _own_price(desk: Desk, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a price that is made for one transaction only, outside of the catalog."""
    only(
        body,
        *("product_id", "description", "name", "billing_cycle", "trial_period"),
        *("tax_mode", "unit_price", "unit_price_overrides", "quantity", "custom_data"),
    )
    products = {one["product_id"] for one in desk.machine.prices.values()}
    if body.get("product_id") not in products or not body.get("description"):
        raise Refused(400, "invalid_field", "product_id, description")
    trial = body.get("trial_period")
    if trial is not None and (trial["interval"] != "day" or trial["frequency"] < 1):
        raise Refused(400, "invalid_field", "trial_period")
    return {
        "trial_period": None,
        "unit_price_overrides": [],
        "custom_data": None,
        **body,
        "id": new_id("pri"),
        "type": "custom",
        "status": "active",
    }


async def price(request: web.Request) -> web.Response:
    """Show a price of the catalog."""
    known = desk_of(request).machine.prices.get(request.match_info["id"])
    if known is None:
        raise Refused(404, "not_found")
    return found(known)


async def customers(request: web.Request) -> web.Response:
    """List customers, those with an address where one is given."""
    email = request.query.get("email")
    everybody = desk_of(request).machine.customers.values()
    return listed(
        request, (one.entity() for one in everybody if email in {None, one.email})
    )


async def new_customer(request: web.Request) -> web.Response:
    """Make a customer; each address is one customer's only."""
    desk, body = desk_of(request), await body_of(request)
    only(body, "email", "name", "locale", "custom_data")
    email = str(body.get("email", ""))
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        raise Refused(400, "invalid_field", "email")
    if any(one.email == email for one in desk.machine.customers.values()):
        raise Refused(409, "customer_already_exists")
    customer = Customer(new_id("ctm"), email, desk.clock.now(), body.get("custom_data"))
    desk.machine.customers[customer.id] = customer
    desk.machine.tell("customer.created", customer.entity())
    return found(customer.entity(), 201)


def written(desk: Desk, transaction: Transaction) -> dict[str, Any]:
    """Return a transaction with the address of its checkout."""
    return transaction.entity(f"{desk.checkout_url}?_ptxn={transaction.id}")


async def transactions(request: web.Request) -> web.Response:
    """List transactions: of a customer, made since a time."""
    desk, query = desk_of(request), request.query
    since = query.get("created_at[GTE]")
    earliest = datetime.fromisoformat(since) if since else None
    rows = [
        written(desk, one)
        for one in desk.machine.transactions.values()
        if query.get("customer_id") in {None, one.customer_id}
        and (earliest is None or one.created_at >= earliest)
    ]
    return listed(request, rows)


async def new_transaction(request: web.Request) -> web.Response:
    """Make a transaction that waits for its buyer."""
    desk, body = desk_of(request), await body_of(request)
    only(body, "items", "customer_id", "currency_code", "custom_data", "checkout")
    items = items_of(desk, body)
    customer_id = body.get("customer_id")
    if customer_id is not None and customer_id not in desk.machine.customers:
        raise Refused(400, "customer_not_found")
    made = Transaction(
        id=new_id("txn"),
        items=items,
        currency=_currency(items, body),
        created_at=desk.clock.now(),
        customer_id=customer_id,
        custom_data=body.get("custom_data"),
    )
    desk.machine.transactions[made.id] = made
    desk.machine.tell("transaction.created", made.entity())
    return found(written(desk, made), 201)


def _currency(items: list[Item], body: Mapping[str, Any]) -> str:
    currency = str(body.get("currency_code") or currency_of(items[0][0], "US"))
    for one, _ in items:
        amount(one, currency)
    return currency


def known_transaction(request: web.Request) -> Transaction:
    """Return the transaction in the address. Raises `Refused`."""
    known = desk_of(request).machine.transactions.get(request.match_info["id"])
    if known is None:
        raise Refused(404, "not_found")
    return known


async def transaction(request: web.Request) -> web.Response:
    """Show a transaction."""
    return found(written(desk_of(request), known_transaction(request)))


async def change_transaction(request: web.Request) -> web.Response:
    """Put other items into a transaction, or cancel it, while it is not paid."""
    desk, body = desk_of(request), await body_of(request)
    only(body, "items", "currency_code", "status", "custom_data")
    known = known_transaction(request)
    if known.status not in {"draft", "ready"}:
        raise Refused(400, "transaction_immutable")
    if "status" in body:
        known.status = one_of(body, "status", "canceled")
    if "items" in body:
        items = items_of(desk, body)
        known.currency, known.items = _currency(items, body), items
    desk.machine.tell("transaction.updated", known.entity())
    return found(written(desk, known))
