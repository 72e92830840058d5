"""Hand out what is kept of a user's subscription."""

from collections.abc import Iterator

from accounts.models import User
from accounts.services.exporting import Sheet, sheet
from billing.models import Checkout, Invoice, Move, Subscription

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
_MOVE = ("target_id", "state", "begun_at", "ends_at")


def exports(user: User) -> Iterator[Sheet]:
    """Yield the sheets of a user's subscriptions; amounts are in smallest units."""
    yield sheet(
        "subscriptions",
        "your subscriptions, as the payment provider last told of them",
        Subscription.objects.of(user),
        {column: column for column in _SUBSCRIPTION},
    )
    yield sheet(
        "invoices",
        "what you paid, in the smallest unit of the currency",
        Invoice.objects.filter(user=user),
        {column: column for column in _INVOICE},
    )
    yield sheet(
        "checkouts",
        "the checkouts that you began",
        Checkout.objects.filter(user=user).order_by("opened_at"),
        {column: column for column in _CHECKOUT},
    )
    yield sheet(
        "moves",
        "your moves from one payment provider to another",
        Move.objects.filter(user=user).order_by("begun_at"),
        {"from": "source__external_id"} | {column: column for column in _MOVE},
    )
