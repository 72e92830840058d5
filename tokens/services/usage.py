"""The meter: which program called how often for which car, by day and price class.

Counts are collected in memory by whoever answers calls and written here in batches.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models import User
from accounts.services.batches import delete_in_batches
from fleet.endpoints import Price
from tokens.models import Spending, Usage

PAGES = UUID(int=0)
"""Stands where a page called and no access token."""
CARS = UUID(int=1)
"""Stands where a car streamed; `billed` counts its signals."""
_NUMBERS = ("calls", "asked", "billed", "saved", "refused", "failed", "duration_ms")


class Key(NamedTuple):
    """Which row a call counts in: `day` since 1970, by UTC."""

    day: int
    user_id: UUID
    access_token_key: UUID
    subject: str
    price_class: str

    @property
    def day_date(self) -> date:
        """Return the day as a date."""
        return date(1970, 1, 1) + timedelta(days=self.day)


@dataclass(slots=True)
class Count:
    """What is to be added to a row; see `tokens.models.Usage`."""

    program: str = ""
    client: str = ""
    calls: int = 0
    asked: int = 0
    billed: int = 0
    saved: int = 0
    refused: int = 0
    failed: int = 0
    duration_ms: float = 0.0
    longest_ms: float = 0.0

    def note_call(self, status: int, duration_ms: float) -> None:
        """Count one call of a program and how it was answered."""
        self.calls += 1
        self.duration_ms += duration_ms
        self.longest_ms = max(self.longest_ms, duration_ms)
        if status >= 500 or not status:
            self.failed += 1
        elif status >= 400:
            self.refused += 1

    def add(self, other: "Count") -> None:
        """Add another's numbers to this one's."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.longest_ms = max(self.longest_ms, other.longest_ms)
        self.program = other.program or self.program
        self.client = other.client or self.client


def write(counts: Mapping[Key, Count]) -> None:
    """Add counts to the rows of users who are still there; all of them, or none.

    Rows are taken in one order, so that processes that write at once do not lock each
    other up. Raises `DatabaseError`; then nothing is written.
    """
    keys = sorted(counts)
    months: dict[tuple[date, str], int] = {}
    with transaction.atomic():
        users = set(
            User.objects.filter(pk__in={key.user_id for key in keys}).values_list(
                "pk", flat=True
            )
        )
        for key in keys:
            if key.user_id in users:
                _add(key, counts[key])
            if counts[key].billed:
                month = key.day_date.replace(day=1), key.price_class
                months[month] = months.get(month, 0) + counts[key].billed
        for (month_date, price_class), billed in sorted(months.items()):
            _spend(month_date, price_class, billed)


def note_page_call(
    user: User, subject: str, price: Price, status: int, duration_ms: float
) -> None:
    """Count at once a call that a page made; `status` is 0 where no answer came."""
    count = Count(program="pages", asked=1, billed=int(is_billed(price, status)))
    count.note_call(status, duration_ms)
    key = Key(day_of(timezone.now()), user.pk, PAGES, subject, price.value)
    write({key: count})


def is_billed(price: Price, status: int) -> bool:
    """Tell whether Tesla bills an answer: any below 500, also a refusal."""
    return price is not Price.FREE and 0 < status < 500


def day_of(moment: datetime) -> int:
    """Return the days from 1970 to a moment, by UTC."""
    return int(moment.astimezone(UTC).timestamp() // 86_400)


def forget_old() -> int:
    """Delete rows older than the settings keep them; return how many."""
    oldest = timezone.now().date() - timedelta(days=settings.USAGE_KEPT_DAYS)
    Spending.objects.filter(month_date__lt=oldest.replace(day=1)).delete()
    return delete_in_batches(Usage.objects.filter(day_date__lt=oldest))


def _add(key: Key, count: Count) -> None:
    names: dict[str, Any] = {
        "day_date": key.day_date,
        "user_id": key.user_id,
        "access_token_key": key.access_token_key,
        "subject": key.subject,
        "price_class": key.price_class,
    }
    if _update(names, count):
        return
    try:
        with transaction.atomic():
            Usage.objects.create(**names, **_columns(count))
    except IntegrityError:
        # Another process made the row in the meantime.
        _update(names, count)


def _update(names: Mapping[str, Any], count: Count) -> int:
    columns: dict[str, Any] = dict(_columns(count))
    for name in _NUMBERS:
        columns[name] = F(name) + columns[name]
    columns["longest_ms"] = Greatest(F("longest_ms"), Value(columns["longest_ms"]))
    return Usage.objects.filter(**names).update(**columns)


def _columns(count: Count) -> dict[str, Any]:
    columns: dict[str, Any] = {name: int(getattr(count, name)) for name in _NUMBERS}
    columns["longest_ms"] = int(count.longest_ms)
    for name in ("program", "client"):
        if getattr(count, name):
            columns[name] = getattr(count, name)[:80]
    return columns


def _spend(month_date: date, price_class: str, billed: int) -> None:
    row = Spending.objects.filter(month_date=month_date, price_class=price_class)
    if row.update(billed=F("billed") + billed):
        return
    try:
        with transaction.atomic():
            Spending.objects.create(
                month_date=month_date, price_class=price_class, billed=billed
            )
    except IntegrityError:
        row.update(billed=F("billed") + billed)
