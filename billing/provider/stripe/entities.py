"""Read Stripe's objects, of the library's version and of older ones.

Source: Stripe's API reference, versions 2022-11-15 to 2026-10-28.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from billing.money import Money, minor_of
from billing.plans import Item, Price
from billing.provider.reading import count, mapping, objects, text
from billing.provider.shapes import Payment, Snapshot
from billing.provider.stripe.currencies import countries_of

_STATUSES: Final = {
    "incomplete": "incomplete",
    "incomplete_expired": "canceled",
    "trialing": "trialing",
    "active": "active",
    "past_due": "past_due",
    "unpaid": "past_due",
    "paused": "paused",
    "canceled": "canceled",
}


def moment(source: Mapping[str, Any], name: str) -> datetime | None:
    """Return an aware time from seconds since 1970, None when there is none."""
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("this is no time") from error


def snapshot(data: Mapping[str, Any], occurred_at: datetime) -> Snapshot:
    """Read a subscription. Raises ValueError for what is none."""
    external_id = text(data, "id")
    if not external_id.startswith("sub_"):
        raise ValueError("this is no subscription")
    told = text(data, "status")
    status = _status(data, told)
    items = objects(mapping(data, "items"), "data")
    until = _paid_until(data, items)
    ends = _end_scheduled(data, until) if status not in {"canceled", "paused"} else None
    over = moment(data, "ended_at") or moment(data, "canceled_at")
    charged = status in {"active", "trialing", "past_due"} and ends is None
    return Snapshot(
        external_id=external_id,
        customer_id=_id(data, "customer"),
        status=status,
        provider_status=told,
        currency=text(data, "currency").upper(),
        cycle=_cycle(items),
        items=tuple(_item(one) for one in items),
        occurred_at=occurred_at,
        paid_until=over if status == "canceled" else until,
        next_billed_at=until if charged else None,
        started_at=moment(data, "start_date"),
        canceled_at=over if status == "canceled" else None,
        scheduled_action="cancel" if ends else "",
        scheduled_at=ends,
        checkout_id=text(mapping(data, "metadata"), "checkout"),
        is_exact=False,
    )


def session(data: Mapping[str, Any]) -> Payment:
    """Read a checkout. Raises ValueError for what is none."""
    external_id = text(data, "id")
    if not external_id.startswith("cs_"):
        raise ValueError("this is no checkout")
    currency = text(data, "currency").upper()
    paid = text(data, "payment_status") in {"paid", "no_payment_required"}
    return Payment(
        external_id=external_id,
        is_completed=text(data, "status") == "complete" and paid,
        items=(),
        total=_total(data, "amount_total", currency),
        currency=currency,
        number=text(mapping(data, "invoice"), "number"),
        customer_id=_id(data, "customer"),
        subscription_id=_id(data, "subscription"),
        checkout_id=text(mapping(data, "metadata"), "checkout"),
        invoice_id=_id(data, "invoice"),
        is_under_way=text(data, "status") == "complete" and not paid,
    )


def invoice(data: Mapping[str, Any]) -> Payment:
    """Read an invoice. Raises ValueError for what is none."""
    external_id = text(data, "id")
    if not external_id.startswith("in_"):
        raise ValueError("this is no invoice")
    currency = text(data, "currency").upper()
    parent = mapping(mapping(data, "parent"), "subscription_details")
    lines = objects(mapping(data, "lines"), "data")
    return Payment(
        external_id=external_id,
        is_completed=text(data, "status") == "paid",
        items=tuple(Item(_price_of(one), count(one, "quantity")) for one in lines),
        total=_total(data, "total", currency),
        currency=currency,
        number=text(data, "number"),
        customer_id=_id(data, "customer"),
        subscription_id=_id(parent, "subscription") or _id(data, "subscription"),
        billed_at=moment(mapping(data, "status_transitions"), "paid_at"),
    )


def prices(data: Mapping[str, Any], kind: str, cycle: str) -> list[Price]:
    """Read one price, once for each of its currencies.

    Raises ValueError where its billing cycle is another than the settings say.
    """
    recurring = mapping(data, "recurring")
    if (text(recurring, "interval"), count(recurring, "interval_count")) != (cycle, 1):
        raise ValueError(f"{text(data, 'id')} is not billed once a {cycle}")
    amounts = {text(data, "currency"): data.get("unit_amount")}
    options = mapping(data, "currency_options")
    for currency in options:
        amounts.setdefault(currency, mapping(options, currency).get("unit_amount"))
    return [
        Price(
            text(data, "id"),
            kind,
            cycle,
            Money(minor_of(minor), currency.upper()),
            countries_of(currency.upper()),
        )
        for currency, minor in amounts.items()
    ]


def _status(data: Mapping[str, Any], told: str) -> str:
    """Return our word; a collection that is paused is a pause by whatever name."""
    status = _STATUSES.get(told, "")
    paused = bool(mapping(data, "pause_collection"))
    return "paused" if paused and status in {"active", "trialing"} else status


def _paid_until(
    data: Mapping[str, Any], items: list[Mapping[str, Any]]
) -> datetime | None:
    """Return the end of the period: told on the items, in older versions above them."""
    ends = [moment(one, "current_period_end") for one in (*items, data)]
    return max((one for one in ends if one is not None), default=None)


def _end_scheduled(data: Mapping[str, Any], until: datetime | None) -> datetime | None:
    at = moment(data, "cancel_at")
    return at or until if data.get("cancel_at_period_end") is True else at


def _cycle(items: list[Mapping[str, Any]]) -> str:
    for one in items:
        return text(mapping(mapping(one, "price"), "recurring"), "interval")
    return ""


def _item(data: Mapping[str, Any]) -> Item:
    price = mapping(data, "price")
    minor, currency = price.get("unit_amount"), text(price, "currency").upper()
    each = Money(minor_of(minor), currency) if minor is not None else None
    return Item(text(price, "id"), count(data, "quantity"), each)


def _price_of(line: Mapping[str, Any]) -> str:
    details = mapping(mapping(line, "pricing"), "price_details")
    return _id(details, "price") or _id(line, "price")


def _total(data: Mapping[str, Any], name: str, currency: str) -> Money | None:
    minor = data.get(name)
    return None if minor is None else Money(minor_of(minor), currency)


def _id(data: Mapping[str, Any], name: str) -> str:
    """Return an id, whether the object is told by its id or whole."""
    return text(data, name) or text(mapping(data, name), "id")
