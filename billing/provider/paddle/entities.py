"""Read Paddle's entities. Source: Paddle's OpenAPI description, version 1."""

from collections.abc import Mapping
from typing import Any, Final

from billing.money import Money, minor_of
from billing.plans import Item, Price
from billing.provider.reading import count, mapping, moment, objects, text
from billing.provider.shapes import Payment, Reversal, Snapshot

_STATUSES: Final = {
    "trialing": "trialing",
    "active": "active",
    "past_due": "past_due",
    "paused": "paused",
    "canceled": "canceled",
}
_ACTIONS: Final = frozenset({"cancel", "pause", "resume"})


def snapshot(data: Mapping[str, Any], occurred_at: str = "") -> Snapshot:
    """Read a subscription; without `occurred_at` its own `updated_at` counts.

    Raises ValueError for what is none.
    """
    at = moment({"at": occurred_at or text(data, "updated_at")}, "at")
    external_id = text(data, "id")
    if at is None or not external_id.startswith("sub_"):
        raise ValueError("this is no subscription")
    status = text(data, "status")
    scheduled = mapping(data, "scheduled_change")
    action = text(scheduled, "action")
    period = mapping(data, "current_billing_period")
    return Snapshot(
        external_id=external_id,
        customer_id=text(data, "customer_id"),
        status=_STATUSES.get(status, ""),
        provider_status=status,
        currency=text(data, "currency_code"),
        cycle=text(mapping(data, "billing_cycle"), "interval"),
        items=tuple(_item(one) for one in objects(data, "items")),
        occurred_at=at,
        paid_until=moment(period, "ends_at"),
        next_billed_at=moment(data, "next_billed_at"),
        started_at=moment(data, "started_at"),
        canceled_at=moment(data, "canceled_at"),
        scheduled_action=action if action in _ACTIONS else "",
        scheduled_at=moment(scheduled, "effective_at") if action in _ACTIONS else None,
        checkout_id=text(mapping(data, "custom_data"), "checkout"),
        transaction_id=text(data, "transaction_id"),
    )


def payment(data: Mapping[str, Any]) -> Payment:
    """Read a transaction. Raises ValueError for what is none."""
    external_id = text(data, "id")
    if not external_id.startswith("txn_"):
        raise ValueError("this is no transaction")
    currency = text(data, "currency_code")
    totals = mapping(mapping(data, "details"), "totals")
    grand = totals.get("grand_total")
    return Payment(
        external_id=external_id,
        is_completed=text(data, "status") == "completed",
        items=tuple(_item(one) for one in objects(data, "items")),
        total=None if grand is None else Money(minor_of(grand), currency),
        currency=currency,
        number=text(data, "invoice_number"),
        customer_id=text(data, "customer_id"),
        subscription_id=text(data, "subscription_id"),
        checkout_id=text(mapping(data, "custom_data"), "checkout"),
        billed_at=moment(data, "billed_at"),
        is_under_way=text(data, "status") in {"billed", "paid"},
    )


def reversal(data: Mapping[str, Any]) -> Reversal | None:
    """Read an adjustment; None for a mere credit and for one not approved."""
    action = text(data, "action")
    returning = {"refund", "chargeback", "chargeback_reverse"}
    if action not in returning or text(data, "status") != "approved":
        return None
    return Reversal(
        subscription_id=text(data, "subscription_id"),
        is_whole=text(data, "type") == "full" or action != "refund",
        is_chargeback=action == "chargeback",
        is_undone=action == "chargeback_reverse",
    )


def prices(data: Mapping[str, Any], kind: str, cycle: str) -> list[Price]:
    """Read one price: what it costs by default, and in countries of their own.

    Raises ValueError where its billing cycle is another than the settings say.
    """
    interval = mapping(data, "billing_cycle")
    if (text(interval, "interval"), count(interval, "frequency")) != (cycle, 1):
        raise ValueError(f"{text(data, 'id')} is not billed once a {cycle}")
    base = _money(mapping(data, "unit_price"))
    if base is None:
        raise ValueError(f"{text(data, 'id')} has no price")
    found = {base.currency: (base, list[str]())}
    for override in objects(data, "unit_price_overrides"):
        each = _money(mapping(override, "unit_price"))
        if each is not None:
            _, countries = found.setdefault(each.currency, (each, []))
            countries.extend(
                one for one in override.get("country_codes", ()) if isinstance(one, str)
            )
    external_id = text(data, "id")
    return [
        Price(external_id, kind, cycle, each, tuple(countries))
        for each, countries in found.values()
    ]


def _item(data: Mapping[str, Any]) -> Item:
    price = mapping(data, "price")
    copied = text(mapping(price, "custom_data"), "copy_of")
    return Item(
        # Only whoever has the API key makes prices, and says of which one it is a copy.
        price_id=copied
        if text(price, "type") == "custom" and copied
        else text(price, "id"),
        quantity=count(data, "quantity"),
        each=_money(mapping(price, "unit_price")),
    )


def _money(data: Mapping[str, Any]) -> Money | None:
    currency = text(data, "currency_code")
    return Money(minor_of(data.get("amount")), currency) if currency else None
