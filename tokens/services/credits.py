"""What Tesla's bill looks like to stream clients: credits consumed and left.

One credit is a thousandth of a dollar at Tesla's prices, so that a command costs 1, a
reading of a car 2 and a wake 20. The balance is what remains of the month's allowance
(`MONTHLY_STOP_USD`), which is the whole instance's. Where nothing stops there is no
balance: it is told as null, and no quota with it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from events import presence, shapes
from events.event import Entry, Event
from fleet.endpoints import Price
from tokens.services import news, spending

PER_DOLLAR = 1000
_SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True)
class Consumed:
    """Calls of one kind that Tesla billed: `name` is the command's or endpoint's."""

    account_id: UUID
    name: str
    price: Price
    calls: int = 1


def tell(consumed: Iterable[Consumed]) -> None:
    """Tell each account what its calls cost, and what is left after all of them."""
    calls = [one for one in consumed if one.calls]
    if not calls:
        return
    now = timezone.now()
    budget = spending.budget(now)
    news.tell(
        Entry(
            one.account_id,
            _event(one.price.value, _credits(_usd(one)), one.name, budget, now),
        )
        for one in calls
    )


def snapshot(now: datetime) -> Event:
    """Return how the month stands, as a stream tells it when a client connects."""
    return _event(_SNAPSHOT, 0, _SNAPSHOT, spending.budget(now), now)


def tell_listeners() -> None:
    """Tell every account that listens how the month stands, unless it knows that.

    What another member consumed changes the balance of all, and who has consumed
    nothing yet is to find a balance, too.
    """
    listening = news.ask(presence.listening)
    if not listening:
        return
    event = snapshot(timezone.now())
    news.tell(
        Entry(account_id, event)
        for account_id in sorted(listening)
        if _left(news.newest(account_id, "").others.get(event.topic)) != _left(event)
    )


def _left(event: Event | None) -> Any:
    """Return the balance and the quota that an event tells; None for no event."""
    if event is None:
        return None
    told = json.loads(event.body)["credits"]
    return told["balance"], told.get("quota")


def _event(
    kind: str, cost: float, name: str, budget: spending.Budget, now: datetime
) -> Event:
    balance = fraction = None
    if budget.stop_usd:
        left = max(Decimal(0), budget.stop_usd - budget.spent_usd)
        balance = int(left * PER_DOLLAR)
        fraction = min(1.0, round(float(budget.spent_usd / budget.stop_usd), 4))
    return shapes.credits(
        kind, cost, name, balance, fraction, int(now.timestamp() * 1000)
    )


def _usd(consumed: Consumed) -> Decimal:
    price: Decimal = settings.PRICES_USD.get(consumed.price.value, Decimal(0))
    return price * consumed.calls


def _credits(usd: Decimal) -> float:
    """Return dollars as credits: a whole number where it is one."""
    amount = round(float(usd * PER_DOLLAR), 3)
    return int(amount) if amount.is_integer() else amount
