"""Estimate what a set of fields costs in a month, and say by which assumptions.

Tesla bills each value that arrives. A value is sent when its interval has passed and it
has changed, so that one must guess how often values change.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from accounts.models import User
from fleet import streamed
from fleet.endpoints import PRICE_USD, Price
from tokens.models import Usage
from tokens.services.spending import month_of
from vehicles.services.telemetry.fields import INTERVAL

DRIVING_H = 30
CHARGING_H = 40
PARKED_AWAKE_H = 60
CHANGES = 300
SETTING_CHANGES = 30
ASSUMPTION = (
    f"Reckoned for a month with {DRIVING_H} h of driving, {CHARGING_H} h of charging and"
    f" {PARKED_AWAKE_H} h awake in between, numbers changing all that time where they"
    " belong to it, and switches ten times a day. A minimum delta makes it less. Tesla"
    " bills $1 for 150,000 values that arrive; a car that sleeps sends nothing."
)
_NUMBERS = frozenset({"int", "float", "location"})
_SETTINGS = frozenset({"Service", "User Preference", "Vehicle Configuration"})
# Hours of a month in which numbers of a category change, and the least seconds between.
_PACE: Mapping[str, tuple[tuple[int, int], ...]] = {
    "Charging": ((CHARGING_H, 30), (DRIVING_H, 60)),
    "Climate": ((DRIVING_H + PARKED_AWAKE_H, 60),),
    "Driving": ((DRIVING_H, 1),),
    "Location": ((DRIVING_H, 1),),
    "Media": ((DRIVING_H, 10),),
    "Powertrain": ((DRIVING_H, 1), (CHARGING_H, 30)),
    "Safety": ((DRIVING_H, 300),),
    "Vehicle State": ((DRIVING_H, 60),),
}


def signals(name: str, settings: Mapping[str, Any]) -> int:
    """Return how many values of a field are likely to arrive in a month."""
    facts = streamed.fields()[name]
    if facts["category"] in _SETTINGS:
        return SETTING_CHANGES
    if facts["type"] not in _NUMBERS:
        return CHANGES
    every_s = settings.get(INTERVAL, 1)
    return sum(
        hours * 3600 // max(every_s, least_s)
        for hours, least_s in _PACE.get(facts["category"], ())
    )


def total(fields: Mapping[str, Mapping[str, Any]]) -> int:
    """Return how many values of all the fields are likely to arrive in a month."""
    return sum(signals(name, settings) for name, settings in fields.items())


def usd(count: int) -> Decimal:
    """Return what so many values cost, in US dollars."""
    return (count * PRICE_USD[Price.STREAMING]).quantize(Decimal("0.01"))


def words(count: int) -> str:
    """Return what so many values cost, as it is shown."""
    return f"${usd(count)}" if usd(count) else "under $0.01" if count else "$0.00"


def counted(user: User, vin: str, now: datetime) -> int:
    """Return how many values of the car this month's meter has really counted."""
    rows = Usage.objects.filter(
        user=user,
        subject=vin,
        price_class=Price.STREAMING,
        day_date__gte=month_of(now),
    )
    return rows.aggregate(sum=Sum("billed"))["sum"] or 0
