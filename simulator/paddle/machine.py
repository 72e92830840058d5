"""How subscriptions live at the pretend Paddle, as its documents say."""

from datetime import datetime, timedelta
from typing import Any

from simulator.clock import Clock
from simulator.paddle.catalog import seeded
from simulator.paddle.entities import (
    Customer,
    Item,
    Subscription,
    Transaction,
    period_after,
    price_of,
    stamp,
)
from simulator.paddle.ids import new_id
from simulator.paddle.refusals import Refused
from simulator.paddle.sender import Sender

_DUNNING = timedelta(days=30)


class Machine:
    """Hold all entities, move them, and tell of each move."""

    def __init__(self, clock: Clock, sender: Sender) -> None:
        self.clock = clock
        self.sender = sender
        self.prices = seeded()
        self.customers: dict[str, Customer] = {}
        self.transactions: dict[str, Transaction] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.invoices = 0
        self._last: datetime | None = None

    def moment(self) -> datetime:
        """Return the present, later than any moment before: no two things coincide."""
        now = self.clock.now()
        if self._last is not None and now <= self._last:
            now = self._last + timedelta(microseconds=1)
        self._last = now
        return now

    def tell(self, event_type: str, data: dict[str, Any]) -> None:
        """Send a notification that occurred just now."""
        self.sender.tell(event_type, self.moment(), data)

    def changed(self, subscription: Subscription, what: str = "updated") -> None:
        """Note that a subscription changed just now, and tell of it."""
        at = subscription.updated_at = self.moment()
        self.sender.tell(f"subscription.{what}", at, subscription.entity())

    def pay(self, transaction: Transaction) -> None:
        """Let the buyer pay: the transaction is completed, and what follows from it."""
        if transaction.status in {"paid", "completed"}:
            raise Refused(400, "transaction_already_completed")
        now = self.clock.now()
        transaction.status = "paid"
        transaction.billed_at = now
        self.tell("transaction.paid", transaction.entity())
        if transaction.origin == "subscription_payment_method_change":
            self._card_renewed(transaction)
        elif transaction.subscription_id is None:
            self._begin(transaction)
        self._complete(transaction)

    def decline(self, transaction: Transaction) -> None:
        """Let the buyer's bank decline; the transaction stays to be paid."""
        self.tell("transaction.payment_failed", transaction.entity())

    def _complete(self, transaction: Transaction) -> None:
        self.invoices += 1
        transaction.status = "completed"
        transaction.invoice_number = f"325-{10000 + self.invoices}"
        self.tell("transaction.completed", transaction.entity())

    def _begin(self, transaction: Transaction) -> None:
        now = self.clock.now()
        trial = transaction.items[0][0]["trial_period"]
        begun = Subscription(
            id=new_id("sub"),
            customer_id=transaction.customer_id or "",
            items=list(transaction.items),
            currency=transaction.currency,
            status="trialing" if trial else "active",
            started_at=now,
            updated_at=now,
            period_begin=now,
            next_billed_at=None,
            custom_data=transaction.custom_data,
            first_billed_at=None if trial else now,
        )
        begun.period_end = (
            now + timedelta(days=trial["frequency"])
            if trial
            else period_after(now, begun.cycle)
        )
        begun.next_billed_at = begun.period_end
        self.subscriptions[begun.id] = begun
        transaction.subscription_id = begun.id
        born = {**begun.entity(), "transaction_id": transaction.id}
        self.tell("subscription.created", born)
        self.changed(begun, "trialing" if trial else "activated")

    def charge(self, subscription: Subscription, charged: int, origin: str) -> bool:
        """Charge the card on file; False when it does not work."""
        now = self.clock.now()
        made = Transaction(
            id=new_id("txn"),
            items=list(subscription.items),
            currency=subscription.currency,
            created_at=now,
            origin=origin,
            customer_id=subscription.customer_id,
            subscription_id=subscription.id,
            custom_data=subscription.custom_data,
            billed_at=now,
            charged=charged,
        )
        self.transactions[made.id] = made
        if subscription.card_works:
            self._complete(made)
            return True
        made.status = "past_due"
        self.tell("transaction.past_due", made.entity())
        return False

    def renew(self, subscription: Subscription) -> None:
        """Begin the next period and charge for it, at its due time."""
        was_trial = subscription.status == "trialing"
        begin = subscription.next_billed_at or self.clock.now()
        subscription.period_begin = begin
        subscription.period_end = period_after(begin, subscription.cycle)
        subscription.next_billed_at = subscription.period_end
        subscription.first_billed_at = subscription.first_billed_at or begin
        due = price_of(subscription.items, subscription.currency)
        if self.charge(subscription, due, "subscription_recurring"):
            subscription.status = "active"
            self.changed(subscription, "activated" if was_trial else "updated")
        else:
            self.fall_behind(subscription)

    def fall_behind(self, subscription: Subscription) -> None:
        """Note that a payment is overdue."""
        subscription.status = "past_due"
        subscription.past_due_since = self.clock.now()
        self.changed(subscription, "past_due")

    def settle(self, subscription: Subscription) -> None:
        """Pay what is overdue, now that the card works."""
        for transaction in self.transactions.values():
            is_due = transaction.status == "past_due"
            if is_due and transaction.subscription_id == subscription.id:
                self._complete(transaction)
        subscription.status = "active"
        subscription.past_due_since = None
        self.changed(subscription)

    def _card_renewed(self, transaction: Transaction) -> None:
        subscription = self.subscriptions[transaction.subscription_id or ""]
        subscription.card_works = True
        if subscription.status == "past_due":
            self.settle(subscription)
        else:
            self.changed(subscription)

    def schedule(
        self, subscription: Subscription, action: str, resume_at: str | None = None
    ) -> None:
        """Have a pause or an end happen when the paid period is over."""
        subscription.scheduled = {
            "action": action,
            "effective_at": stamp(subscription.period_end),
            "resume_at": resume_at,
        }
        self.changed(subscription)

    def pause(self, subscription: Subscription) -> None:
        """Pause now."""
        subscription.status = "paused"
        subscription.paused_at = self.clock.now()
        subscription.scheduled = None
        subscription.next_billed_at = None
        self.changed(subscription, "paused")

    def cancel(self, subscription: Subscription) -> None:
        """End for good, now."""
        subscription.status = "canceled"
        subscription.canceled_at = self.clock.now()
        subscription.scheduled = None
        subscription.next_billed_at = None
        self.changed(subscription, "canceled")

    def resume(self, subscription: Subscription, *, keeps_period: bool) -> None:
        """Resume a pause now, in the old period or with a new one. Raises `Refused`."""
        now = self.clock.now()
        over = subscription.period_end is None or now >= subscription.period_end
        if keeps_period and over:
            raise Refused(400, "subscription_billing_period_ended")
        subscription.paused_at = subscription.scheduled = None
        subscription.status = "active"
        if keeps_period:
            subscription.next_billed_at = subscription.period_end
            self.changed(subscription, "resumed")
            return
        subscription.next_billed_at = now
        self.renew(subscription)
        if subscription.status == "active":
            self.changed(subscription, "resumed")

    def cost_of_change(self, subscription: Subscription, items: list[Item]) -> int:
        """Return what a change costs now: the rest of the period, to the nearest unit."""
        if subscription.status == "trialing":
            return 0
        more = price_of(items, subscription.currency) - price_of(
            subscription.items, subscription.currency
        )
        return max(0, round(more * subscription.share_left(self.clock.now())))

    def tick(self) -> None:
        """Do all that is due by now, in its order."""
        for subscription in self.subscriptions.values():
            while self._step(subscription):
                pass

    def _step(self, subscription: Subscription) -> bool:
        """Do the next thing that is due for one subscription; False without one."""
        now = self.clock.now()
        scheduled = subscription.scheduled
        if scheduled is not None and subscription.period_end is not None:
            if subscription.period_end > now:
                return False
            {"cancel": self.cancel, "pause": self.pause}[scheduled["action"]](
                subscription
            )
            return True
        overdue = subscription.past_due_since
        if overdue is not None and subscription.status == "past_due":
            if now < overdue + _DUNNING:
                return False
            self.cancel(subscription)
            return True
        return self._renewed(subscription, now)

    def _renewed(self, subscription: Subscription, now: datetime) -> bool:
        due = subscription.next_billed_at
        if due is None or due > now:
            return False
        self.renew(subscription)
        return True
