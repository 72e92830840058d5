"""How subscriptions live at the pretend Stripe, as its documents say."""

from datetime import timedelta
from typing import Any

from simulator.clock import Clock
from simulator.stripe.catalog import seeded
from simulator.stripe.entities import (
    Customer,
    Invoice,
    Session,
    Subscription,
    cost_of,
    period_after,
)
from simulator.stripe.ids import new_id
from simulator.stripe.refusals import Refused
from simulator.stripe.sender import Sender

_DUNNING = timedelta(days=21)


class Machine:
    """Hold all entities, move them, and tell of each move."""

    def __init__(self, clock: Clock, sender: Sender) -> None:
        self.clock = clock
        self.sender = sender
        self.prices = seeded()
        self.customers: dict[str, Customer] = {}
        self.sessions: dict[str, Session] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.invoices: dict[str, Invoice] = {}
        self.portals: dict[str, tuple[str, str, str]] = {}
        """Customer, way back and flow of each page of the portal, by its id."""

    def tell(self, event_type: str, data: dict[str, Any]) -> None:
        """Send a notification that occurred just now."""
        self.sender.tell(event_type, self.clock.now(), data)

    def changed(self, subscription: Subscription, what: str = "updated") -> None:
        """Tell that a subscription changed just now."""
        self.tell(f"customer.subscription.{what}", subscription.entity())

    def pay(self, session: Session) -> Subscription:
        """Let the buyer pay: the session is complete, and a subscription begins."""
        if session.status != "open":
            raise Refused(400, "session_expired")
        begun = self.begin(
            session.customer_id,
            session.items,
            session.currency,
            metadata=session.subscription_metadata,
        )
        session.status, session.subscription_id = "complete", begun.id
        session.invoice_id = next(
            one.id
            for one in self.invoices.values()
            if one.subscription_id == session.subscription_id
        )
        self.tell("checkout.session.completed", session.entity(""))
        return begun

    def begin(
        self,
        customer_id: str,
        items: list[tuple[dict[str, Any], int]],
        currency: str,
        *,
        metadata: dict[str, str] | None = None,
    ) -> Subscription:
        """Begin a subscription whose first payment works."""
        now = self.clock.now()
        begun = Subscription(
            id=new_id("sub"),
            customer_id=customer_id,
            items=list(items),
            currency=currency,
            status="active",
            started_at=now,
            period_begin=now,
            period_end=period_after(now, items[0][0]["recurring"]),
            metadata=dict(metadata or {}),
        )
        self.subscriptions[begun.id] = begun
        self.changed(begun, "created")
        self.charge(begun)
        return begun

    def charge(self, subscription: Subscription) -> bool:
        """Charge the card on file for one period; False when it does not work."""
        number = len(self.invoices) + 1
        made = Invoice(
            id=new_id("in"),
            number=f"SIM-{number:04d}",
            customer_id=subscription.customer_id,
            subscription_id=subscription.id,
            items=list(subscription.items),
            currency=subscription.currency,
            total=cost_of(subscription.items, subscription.currency),
            created_at=self.clock.now(),
        )
        self.invoices[made.id] = made
        if subscription.card_works:
            self._paid(made)
            return True
        self.tell("invoice.payment_failed", made.entity())
        return False

    def _paid(self, invoice: Invoice) -> None:
        invoice.paid_at = self.clock.now()
        self.tell("invoice.paid", invoice.entity())

    def renew(self, subscription: Subscription) -> None:
        """Begin the next period and charge for it."""
        begin = subscription.period_end
        subscription.period_begin = begin
        recurring = subscription.items[0][0]["recurring"]
        subscription.period_end = period_after(begin, recurring)
        if self.charge(subscription):
            subscription.status = "active"
        else:
            subscription.status = "past_due"
            subscription.past_due_since = self.clock.now()
        self.changed(subscription)

    def new_card(self, subscription: Subscription) -> None:
        """Take a card that works, and pay with it what is overdue."""
        subscription.card_works = True
        if subscription.status == "past_due":
            for invoice in self.invoices.values():
                if invoice.subscription_id == subscription.id and not invoice.paid_at:
                    self._paid(invoice)
            subscription.status, subscription.past_due_since = "active", None
        self.changed(subscription)

    def end_with_period(self, subscription: Subscription, *, ends: bool) -> None:
        """Have it end when the paid period is over, or take that back."""
        subscription.ends_with_period = ends
        subscription.canceled_at = self.clock.now() if ends else None
        self.changed(subscription)

    def cancel(self, subscription: Subscription) -> None:
        """End for good, now."""
        now = self.clock.now()
        subscription.status = "canceled"
        subscription.canceled_at = subscription.canceled_at or now
        subscription.ended_at = now
        self.changed(subscription, "deleted")

    def tick(self) -> None:
        """Do all that is due by now, in its order."""
        for subscription in self.subscriptions.values():
            while self._step(subscription):
                pass

    def _step(self, subscription: Subscription) -> bool:
        """Do the next thing that is due for one subscription; False without one."""
        now = self.clock.now()
        overdue = subscription.past_due_since
        if subscription.status == "past_due" and overdue is not None:
            if now < overdue + _DUNNING:
                return False
            self.cancel(subscription)
            return True
        if subscription.status not in {"active", "trialing"}:
            return False
        if subscription.period_end > now:
            return False
        if subscription.ends_with_period:
            self.cancel(subscription)
        else:
            self.renew(subscription)
        return True
