"""What the pretend Paddle keeps, and how Paddle writes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from simulator.paddle.catalog import amount

Item = tuple[dict[str, Any], int]


def stamp(at: datetime | None) -> str | None:
    """Write a time as Paddle does, to the microsecond."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at else None


def price_of(items: list[Item], currency: str) -> int:
    """Return what items cost together, in the smallest unit."""
    return sum(amount(price, currency) * quantity for price, quantity in items)


def period_after(begin: datetime, cycle: Mapping[str, Any]) -> datetime:
    """Return the end of a billing period: the same day of a later month or year."""
    months = {"month": 1, "year": 12}[cycle["interval"]] * int(cycle["frequency"])
    year, month = divmod(begin.month - 1 + months, 12)
    first = begin.replace(day=1, year=begin.year + year, month=month + 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(begin.day, last.day))


@dataclass(slots=True)
class Customer:
    """Somebody who buys."""

    id: str
    email: str
    created_at: datetime
    custom_data: dict[str, Any] | None = None

    def entity(self) -> dict[str, Any]:
        """Return the customer as Paddle writes it."""
        return {
            "id": self.id,
            "name": None,
            "email": self.email,
            "status": "active",
            "custom_data": self.custom_data,
            "locale": "en",
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.created_at),
            "import_meta": None,
        }


@dataclass(slots=True)
class Transaction:
    """Something to be paid, or paid."""

    id: str
    items: list[Item]
    currency: str
    created_at: datetime
    origin: str = "api"
    status: str = "draft"
    customer_id: str | None = None
    subscription_id: str | None = None
    custom_data: dict[str, Any] | None = None
    country: str = "US"
    billed_at: datetime | None = None
    invoice_number: str | None = None
    charged: int | None = None

    @property
    def total(self) -> int:
        """Return what is charged, in the smallest unit: nothing during a trial."""
        if self.charged is not None:
            return self.charged
        now = [item for item in self.items if not item[0]["trial_period"]]
        return price_of(now, self.currency)

    def entity(self, checkout_url: str = "") -> dict[str, Any]:
        """Return the transaction as Paddle writes it."""
        totals = {
            "subtotal": str(self.total),
            "tax": "0",
            "total": str(self.total),
            "grand_total": str(self.total),
            "currency_code": self.currency,
        }
        return {
            "id": self.id,
            "status": self.status,
            "customer_id": self.customer_id,
            "address_id": None,
            "business_id": None,
            "custom_data": self.custom_data,
            "origin": self.origin,
            "collection_mode": "automatic",
            "subscription_id": self.subscription_id,
            "invoice_id": None,
            "invoice_number": self.invoice_number,
            "discount_id": None,
            "currency_code": self.currency,
            "created_at": stamp(self.created_at),
            "updated_at": stamp(self.billed_at or self.created_at),
            "billed_at": stamp(self.billed_at),
            "items": [
                {"price": price, "quantity": quantity, "proration": None}
                for price, quantity in self.items
            ],
            "details": {"totals": totals, "tax_rates_used": [], "line_items": []},
            "payments": [],
            "checkout": {"url": checkout_url or None},
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
    updated_at: datetime
    period_begin: datetime
    next_billed_at: datetime | None
    custom_data: dict[str, Any] | None
    first_billed_at: datetime | None = None
    paused_at: datetime | None = None
    canceled_at: datetime | None = None
    scheduled: dict[str, Any] | None = None
    period_end: datetime | None = None
    card_works: bool = True
    past_due_since: datetime | None = None

    @property
    def cycle(self) -> dict[str, Any]:
        """Return the billing cycle, which all items share."""
        cycle: dict[str, Any] = self.items[0][0]["billing_cycle"]
        return cycle

    def share_left(self, now: datetime) -> Fraction:
        """Return which part of the period is still to come, exactly."""
        if self.period_end is None or now >= self.period_end:
            return Fraction(0)
        second = timedelta(seconds=1)
        left = Fraction((self.period_end - now) // second)
        return left / Fraction((self.period_end - self.period_begin) // second)

    def entity(self) -> dict[str, Any]:
        """Return the subscription as Paddle writes it in a notification."""
        period = (
            None
            if self.status == "canceled"
            else {
                "starts_at": stamp(self.period_begin),
                "ends_at": stamp(self.period_end),
            }
        )
        return {
            "id": self.id,
            "status": self.status,
            "customer_id": self.customer_id,
            "address_id": None,
            "business_id": None,
            "currency_code": self.currency,
            "created_at": stamp(self.started_at),
            "updated_at": stamp(self.updated_at),
            "started_at": stamp(self.started_at),
            "first_billed_at": stamp(self.first_billed_at),
            "next_billed_at": stamp(self.next_billed_at),
            "paused_at": stamp(self.paused_at),
            "canceled_at": stamp(self.canceled_at),
            "discount": None,
            "collection_mode": "automatic",
            "billing_details": None,
            "current_billing_period": period,
            "billing_cycle": self.cycle,
            "scheduled_change": self.scheduled,
            "items": [
                {
                    "status": "trialing" if self.status == "trialing" else "active",
                    "quantity": quantity,
                    "recurring": True,
                    "price": price,
                    "next_billed_at": stamp(self.next_billed_at),
                }
                for price, quantity in self.items
            ],
            "custom_data": self.custom_data,
        }
