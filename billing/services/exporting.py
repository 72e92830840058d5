"""Hand out what is kept of a user's subscription."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Model, QuerySet

from accounts.models import User
from billing.models import Checkout, Invoice, Subscription

_SUBSCRIPTION = (
    *("provider", "external_id", "status", "currency", "cycle", "vehicles", "sites"),
    *("products", "started_at", "paid_until", "next_billed_at", "canceled_at"),
    *("scheduled_action", "scheduled_at"),
)
_INVOICE = ("provider", "transaction_id", "number", "minor", "currency", "billed_at")
_CHECKOUT = (
    *("provider", "purpose", "state", "transaction_id", "currency", "cycle"),
    *("vehicles", "sites", "products", "opened_at"),
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of an export: its name, its columns, its rows as they come."""

    name: str
    columns: Sequence[str]
    rows: Iterator[Sequence[object]]


def exports(user: User) -> Iterator[Sheet]:
    """Return the sheets of a user's subscriptions; amounts are in smallest units."""
    yield _sheet("subscriptions", Subscription.objects.of(user), _SUBSCRIPTION)
    yield _sheet("invoices", Invoice.objects.filter(user=user), _INVOICE)
    yield _sheet(
        "checkouts", Checkout.objects.filter(user=user).order_by("opened_at"), _CHECKOUT
    )


def _sheet(name: str, rows: QuerySet[Model], columns: tuple[str, ...]) -> Sheet:
    return Sheet(name, columns, rows.values_list(*columns).iterator(chunk_size=500))
