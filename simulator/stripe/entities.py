"""What the pretend Stripe keeps, and how Stripe writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulator.stripe.catalog import amount

Item = tuple[dict[str, Any], int]


def seconds(at: datetime | None) -> int | None:
    """Write a time as Stripe does, in whole seconds since 1970."""
    return int(at.timestamp()) if at else None


def cost_of(items: list[Item], currency: str) -> int:
    """Return what items cost together, in the smallest unit."""
    return sum(amount(price, currency) * quantity for price, quantity in items)


def period_after(begin: datetime, recurring: Mapping[str, Any]) -> datetime:
    """Return the end of a billing period: the same day of a later month or year."""
    months = {"month": 1, "year": 12}[recurring["interval"]]
    year, month = divmod(begin.month - 1 + months, 12)
    first = begin.replace(day=1, year=begin.year + year, month=month + 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(begin.day, last.day))


@dataclass(slots=True)
class Customer:
    """Somebody who buys."""

    id: str
    email: str | None
    created_at: datetime
    metadata: dict[str, str] = field(default_factory=dict)

    def entity(self) -> dict[str, Any]:
        """Return the customer as Stripe writes it."""
        return {
            "id": self.id,
            "object": "customer",
            "created": seconds(self.created_at),
            "email": self.email,
            "livemode": False,
            "metadata": self.metadata,
        }


@dataclass(slots=True)
class Invoice:
    """Something that is paid, or could not be paid."""

    id: str
    number: str
    customer_id: str
    subscription_id: str
    items: list[Item]
    currency: str
    total: int
    created_at: datetime
    paid_at: datetime | None = None

    def entity(self) -> dict[str, Any]:
        """Return the invoice as Stripe writes it."""
        return {
            "id": self.id,
            "object": "invoice",
            "created": seconds(self.created_at),
            "currency": self.currency,
            "customer": self.customer_id,
            "lines": {
                "object": "list",
                "data": [
                    {
                        "object": "line_item",
                        "amount": amount(price, self.currency) * quantity,
                        "currency": self.currency,
                        "quantity": quantity,
                        "pricing": {
                            "type": "price_details",
                            "price_details": {
                                "price": price["id"],
                                "product": price["product"],
                            },
                        },
                    }
                    for price, quantity in self.items
                ],
                "has_more": False,
            },
            "livemode": False,
            "number": self.number,
            "parent": {
                "type": "subscription_details",
                "subscription_details": {"subscription": self.subscription_id},
            },
            "status": "paid" if self.paid_at else "open",
            "status_transitions": {"paid_at": seconds(self.paid_at)},
            "total": self.total,
        }


@dataclass(slots=True)
class Session:
    """A checkout that waits for its buyer, or is over."""

    id: str
    customer_id: str
    items: list[Item]
    currency: str
    success_url: str
    cancel_url: str
    created_at: datetime
    status: str = "open"
    metadata: dict[str, str] = field(default_factory=dict)
    subscription_metadata: dict[str, str] = field(default_factory=dict)
    subscription_id: str | None = None
    invoice_id: str | None = None

    @property
    def total(self) -> int:
        """Return what is charged, in the smallest unit."""
        return cost_of(self.items, self.currency)

    def entity(self, url: str) -> dict[str, Any]:
        """Return the session as Stripe writes it."""
        return {
            "id": self.id,
            "object": "checkout.session",
            "amount_total": self.total,
            "cancel_url": self.cancel_url,
            "created": seconds(self.created_at),
            "currency": self.currency,
            "customer": self.customer_id,
            "invoice": self.invoice_id,
            "livemode": False,
            "metadata": self.metadata,
            "mode": "subscription",
            "payment_status": "paid" if self.status == "complete" else "unpaid",
            "status": self.status,
            "subscription": self.subscription_id,
            "success_url": self.success_url,
            "url": url if self.status == "open" else None,
        }


@dataclass(slots=True)
class Subscription:
    """Something that is paid again and again."""

    id: str
    customer_id: str
    items: list[Item]
    currency: str
    status: str
    started_at: datetime
    period_begin: datetime
    period_end: datetime
    metadata: dict[str, str] = field(default_factory=dict)
    ends_with_period: bool = False
    canceled_at: datetime | None = None
    ended_at: datetime | None = None
    trial_end: datetime | None = None
    card_works: bool = True
    collects: bool = True
    past_due_since: datetime | None = None

    def entity(self) -> dict[str, Any]:
        """Return the subscription as Stripe writes it since 2025: periods on the items."""
        return {
            "id": self.id,
            "object": "subscription",
            "billing_mode": {"type": "flexible"},
            "cancel_at": seconds(self.period_end) if self.ends_with_period else None,
            "cancel_at_period_end": self.ends_with_period,
            "canceled_at": seconds(self.canceled_at),
            "collection_method": "charge_automatically",
            "created": seconds(self.started_at),
            "currency": self.currency,
            "customer": self.customer_id,
            "ended_at": seconds(self.ended_at),
            "items": {
                "object": "list",
                "data": [self._item(*item) for item in self.items],
                "has_more": False,
                "url": f"/v1/subscription_items?subscription={self.id}",
            },
            "livemode": False,
            "metadata": self.metadata,
            "pause_collection": None if self.collects else {"behavior": "void"},
            "start_date": seconds(self.started_at),
            "status": self.status,
            "trial_end": seconds(self.trial_end),
        }

    def _item(self, price: dict[str, Any], quantity: int) -> dict[str, Any]:
        return {
            "id": f"si_{self.id[4:]}{price['id'][-5:]}",
            "object": "subscription_item",
            "current_period_start": seconds(self.period_begin),
            "current_period_end": seconds(self.period_end),
            "metadata": {},
            "price": price,
            "quantity": quantity,
            "subscription": self.id,
        }
