"""Keep the list of calls and count what Tesla would bill for them."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

# Dollars for one call. Source: https://developer.tesla.com/docs/fleet-api/billing-and-limits
USD = {
    "free": Decimal(0),
    "data": Decimal(1) / 500,
    "commands": Decimal(1) / 1000,
    "wakes": Decimal(1) / 50,
    "specs": Decimal(1) / 10,
}
_KEPT = 20_000


@dataclass(slots=True)
class Call:
    """Record one call to the Fleet API or the auth server.

    `status` is 0 while the call is under way, 499 when the caller went away.
    `price` is a key of `USD`. `person` is an e-mail address or empty.
    """

    method: str
    path: str
    at: datetime
    price: str = "free"
    query: str = ""
    status: int = 0
    person: str = ""
    client_id: str = ""

    @property
    def billable(self) -> bool:
        """Tell whether Tesla would charge for it: a known caller, answered below 500."""
        known = bool(self.client_id) and self.price != "free"
        return known and 0 < self.status < 500

    def as_json(self) -> dict[str, Any]:
        """Return the call as the admin API shows it."""
        return {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "at": self.at.isoformat(),
            "price": self.price,
            "status": self.status,
            "person": self.person,
            "client_id": self.client_id,
            "billable": self.billable,
        }


class Ledger:
    """Hold the newest calls and the counts of all of them since the last clearing."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_KEPT)
        self._billed: Counter[str] = Counter()

    @property
    def calls(self) -> list[Call]:
        """Return the newest calls, oldest first."""
        return list(self._calls)

    def open(self, call: Call) -> None:
        """Note a call that has just arrived."""
        self._calls.append(call)

    def close(self, call: Call, status: int) -> None:
        """Note how a call was answered, and count it when it is billable."""
        call.status = status
        if call.billable:
            self._billed[call.price] += 1

    def billed(self) -> dict[str, int]:
        """Return billable calls by category; categories without any are 0."""
        return {price: self._billed[price] for price in USD if price != "free"}

    def dollars(self) -> Decimal:
        """Return what they cost together, in US dollars."""
        return total(self.billed().items())

    def clear(self) -> None:
        """Forget all calls and counts."""
        self._calls.clear()
        self._billed.clear()


def total(counts: Iterable[tuple[str, int]]) -> Decimal:
    """Return the price of counted calls, in US dollars."""
    return sum((USD[price] * count for price, count in counts), Decimal(0))
