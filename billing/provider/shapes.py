"""What providers tell and are asked, in one form for all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from billing.money import Money
from billing.plans import Item, Line, Price


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A subscription as a provider has it.

    `status` is a value of `Subscription.Status`, empty for a word that is not known.
    `occurred_at` is when this came to be, `checkout_id` what we wrote at its birth,
    `transaction_id` the payment that began it, where it is told. Unless it `is_exact`,
    the time is known to the second only.
    """

    external_id: str
    customer_id: str
    status: str
    provider_status: str
    currency: str
    cycle: str
    items: tuple[Item, ...]
    occurred_at: datetime
    paid_until: datetime | None = None
    next_billed_at: datetime | None = None
    started_at: datetime | None = None
    canceled_at: datetime | None = None
    scheduled_action: str = ""
    scheduled_at: datetime | None = None
    checkout_id: str = ""
    transaction_id: str = ""
    is_exact: bool = True


@dataclass(frozen=True, slots=True)
class Payment:
    """A transaction, checkout or invoice as a provider has it. `total` includes tax.

    `invoice_id` names the invoice that a checkout led to, where they are two things.
    `is_under_way` when the buyer has done their part, but the money is not there yet.
    """

    external_id: str
    is_completed: bool
    items: tuple[Item, ...]
    total: Money | None
    currency: str
    number: str = ""
    customer_id: str = ""
    subscription_id: str = ""
    checkout_id: str = ""
    billed_at: datetime | None = None
    invoice_id: str = ""
    is_under_way: bool = False


@dataclass(frozen=True, slots=True)
class Reversal:
    """Money that went back: `is_whole` when it was all of a payment."""

    subscription_id: str
    is_whole: bool
    is_chargeback: bool
    is_undone: bool


class News(StrEnum):
    """What kind of thing an event tells."""

    SUBSCRIPTION = "subscription"
    PAYMENT = "payment"
    REVERSAL = "reversal"
    KEY_EXPOSED = "key_exposed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Event:
    """One notification: who sent it is proven, what it tells is not yet read."""

    event_id: str
    event_type: str
    subject: str
    occurred_at: datetime
    body: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """A checkout to be opened at a provider.

    With `trial_days` nothing is charged before so many days are over.
    """

    checkout_id: str
    customer_id: str
    currency: str
    lines: tuple[Line, ...]
    trial_days: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change costs: now, and with the next regular payment."""

    due_now: Money
    due_next: Money


class Provider(Protocol):
    """What we ask of a provider. Every call may raise a `BillingError`."""

    def prices(self) -> list[Price]:
        """Return the catalog's prices, one for each currency."""

    def customer(self, email: str, user_id: str) -> str:
        """Return the id of the customer with this address; make one when needed."""

    def find_checkout(self, order: Order, since: datetime) -> str:
        """Return the transaction made for this order before, or an empty text."""

    def open_checkout(self, order: Order) -> str:
        """Make a transaction and return its id. To be called once an order."""

    def change_checkout(self, transaction_id: str, order: Order) -> str:
        """Put other lines into a transaction that is not paid yet; return its id."""

    def close_checkout(self, transaction_id: str) -> None:
        """Make sure that nobody can pay a transaction any more."""

    def checkout_url(self, transaction_id: str) -> str:
        """Return where the buyer pays; empty where that is a page of ours."""

    def payment(self, transaction_id: str) -> Payment:
        """Read one transaction."""

    def subscription(self, external_id: str) -> Snapshot:
        """Read one subscription."""

    def subscriptions(self) -> Iterator[Snapshot]:
        """Read all subscriptions."""

    def preview(self, external_id: str, lines: tuple[Line, ...]) -> Preview:
        """Return what a change would cost; nothing is changed."""

    def change(self, external_id: str, lines: tuple[Line, ...]) -> Snapshot:
        """Change what is subscribed to, at once; the difference is charged."""

    def pause(self, external_id: str, *, at_once: bool = False) -> Snapshot:
        """Pause at the end of the paid time, or at once."""

    def resume(self, external_id: str) -> Snapshot:
        """Resume a paused subscription; it is charged at once."""

    def cancel(self, external_id: str, *, at_once: bool = False) -> Snapshot:
        """Cancel at the end of the paid time, or at once."""

    def undo(self, external_id: str) -> Snapshot:
        """Take back the pause or the end that is scheduled."""

    def payment_method_checkout(self, external_id: str) -> str:
        """Return a transaction with which the payment details are renewed."""

    def is_genuine(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> bool:
        """Tell whether a notification was signed by the provider, just now."""

    def read_event(self, raw: bytes) -> Event:
        """Read a genuine notification. Raises `ValueError` for what is none."""

    def news(self, event_type: str) -> News:
        """Return what kind of thing an event of this type tells."""

    def subscription_told(self, event: Event) -> Snapshot:
        """Read the subscription in an event. Raises `ValueError`."""

    def payment_told(self, event: Event) -> Payment:
        """Read the payment in an event. Raises `ValueError`."""

    def reversal_told(self, event: Event) -> Reversal | None:
        """Read the refund in an event; None when it is none, or not approved yet."""
