"""What this instance spends at Tesla in a month, and where that stops.

Calls are counted, not dollars: a corrected price list corrects the month. Months are
those of UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from django.conf import settings

from fleet.endpoints import Price
from tokens.models import Spending

NEAR_PERCENT = 80


@dataclass(frozen=True, slots=True)
class Budget:
    """How a month stands: dollars spent, where readings stop, when it starts anew.

    `stop_usd` is 0 where nothing stops.
    """

    spent_usd: Decimal
    stop_usd: Decimal
    resets_date: date

    @property
    def percent(self) -> int:
        """Return how much of it is spent, in percent; 0 where nothing stops."""
        return int(100 * self.spent_usd / self.stop_usd) if self.stop_usd else 0

    @property
    def is_reached(self) -> bool:
        """Tell whether readings and wakes are refused."""
        return bool(self.stop_usd) and self.spent_usd >= self.stop_usd

    @property
    def is_near(self) -> bool:
        """Tell whether it is time to say so."""
        return self.percent >= NEAR_PERCENT


def month_of(moment: datetime) -> date:
    """Return the first day of a moment's month."""
    return moment.astimezone(UTC).date().replace(day=1)


def next_month(month: date) -> date:
    """Return the first day of the month after this one."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def billed(month: date) -> dict[str, int]:
    """Return how many calls Tesla billed in a month, by price class."""
    rows = Spending.objects.filter(month_date=month)
    return dict(rows.values_list("price_class", "billed"))


def usd(calls: Mapping[str, int]) -> Decimal:
    """Return what so many billed calls of each price class cost, in dollars."""
    prices: Mapping[str, Decimal] = settings.PRICES_USD
    return sum(
        (prices.get(name, Decimal(0)) * count for name, count in calls.items()),
        Decimal(0),
    )


def stop_usd(price: Price) -> Decimal:
    """Return at how many dollars calls of this class stop; 0 for never.

    Commands stop last: a door is to be locked even where readings were dear.
    """
    found: Decimal = (
        settings.MONTHLY_STOP_COMMANDS_USD
        if price is Price.COMMANDS
        else settings.MONTHLY_STOP_USD
    )
    return found


def stops(price: Price, spent_usd: Decimal) -> bool:
    """Tell whether a call of this class is refused when so much is spent."""
    stop = stop_usd(price)
    return bool(stop) and price is not Price.FREE and spent_usd >= stop


def budget(now: datetime) -> Budget:
    """Return how the month stands, as far as processes have written it: one query."""
    month = month_of(now)
    return Budget(usd(billed(month)), settings.MONTHLY_STOP_USD, next_month(month))


def why_stopped(now: datetime) -> str:
    """Say to people why a call was refused, until when, and who can change it."""
    until = next_month(month_of(now))
    return (
        "This Keyfob has spent what it may spend at Tesla this month, so nothing that"
        f" Tesla bills is asked before {until:%B} {until.day}. Whoever runs it can raise"
        " MONTHLY_STOP_USD."
    )
