"""The rows of the meter, and what the month costs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from accounts.models import User
from fleet.endpoints import Price
from tokens import tasks
from tokens.models import Inquiry, Spending, Usage
from tokens.services import exporting, forgetting, inquiries, spending, usage
from tokens.services.usage import Count, Key

TOKEN = uuid4()
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def key_of(user: User, subject: str = "car", price: str = "data") -> Key:
    """Return where a call of today counts."""
    return Key(usage.day_of(NOON), user.pk, TOKEN, subject, price)


def test_counts_are_added_to_what_is_there(alice: User) -> None:
    for client, longest_ms in (("first", 30.7), ("", 20.0)):
        usage.write(
            {
                key_of(alice): Count(
                    program="evcc",
                    client=client,
                    calls=2,
                    asked=1,
                    billed=1,
                    duration_ms=40.9,
                    longest_ms=longest_ms,
                )
            }
        )
    row = Usage.objects.get()
    assert (row.calls, row.asked, row.billed, row.saved) == (4, 2, 2, 0)
    assert (row.duration_ms, row.longest_ms) == (80, 30)
    assert (row.program, row.client, row.day_date) == (
        "evcc",
        "first",
        date(2026, 11, 30),
    )
    assert str(row) == "data on 2026-11-30"
    spent = Spending.objects.get()
    assert (spent.month_date, spent.billed) == (date(2026, 11, 1), 2)
    assert str(spent) == "data in 2026-11"


def test_count_of_who_is_gone_still_counts_as_money(db: None) -> None:
    key = Key(usage.day_of(NOON), uuid4(), TOKEN, "car", "wakes")
    usage.write({key: Count(calls=1, billed=3)})
    assert Usage.objects.count() == 0
    assert Spending.objects.get().billed == 3


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_moment_lose_nothing(alice: User) -> None:
    keys = [key_of(alice, f"car {number}") for number in range(5)]

    def write(number: int) -> None:
        try:
            order = keys if number % 2 else keys[::-1]
            usage.write({key: Count(calls=1, billed=1) for key in order})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(20)))
    assert list(Usage.objects.values_list("calls", flat=True)) == [20] * 5
    assert Spending.objects.get().billed == 100


def test_old_counts_are_forgotten(alice: User, settings: Any) -> None:
    settings.USAGE_KEPT_DAYS = 40
    with time_machine.travel(NOON):
        for days in (39, 41, 100):
            day = usage.day_of(NOON - timedelta(days=days))
            key = key_of(alice)._replace(day=day)
            usage.write({key: Count(calls=1, billed=1)})
        tasks.forget_old_usage()
    assert Usage.objects.get().day_date == date(2026, 10, 22)
    months = Spending.objects.order_by("month_date")
    assert [one.month_date.month for one in months] == [10]


def test_counts_are_exported_and_forgotten(alice: User, bob: User) -> None:
    usage.write({key_of(one): Count(program="evcc", calls=1) for one in (alice, bob)})
    (sheet,) = [one for one in exporting.exports(alice) if "calls" in one.name]
    (row,) = list(sheet.rows)
    assert dict(zip(sheet.columns, row, strict=True))["access_token"] == "evcc"
    assert forgetting.forget_questions(alice, "other")["counts of calls"] == 0
    assert forgetting.forget_questions(alice, "car")["counts of calls"] == 1
    assert Usage.objects.get().user == bob


@pytest.mark.parametrize(
    ("price", "status", "billed"),
    [
        (Price.DATA, 200, True),
        (Price.WAKES, 408, True),
        (Price.COMMANDS, 499, True),
        (Price.DATA, 500, False),
        (Price.DATA, 0, False),
        (Price.FREE, 200, False),
    ],
)
def test_answers_below_500_are_billed(
    price: Price, status: int, *, billed: bool
) -> None:
    assert usage.is_billed(price, status) == billed


def test_budget_is_the_month_s_calls_at_the_listed_prices(db: None) -> None:
    for month, price, billed in (
        (date(2026, 10, 1), "data", 9999),
        (date(2026, 11, 1), "data", 2000),
        (date(2026, 11, 1), "wakes", 200),
        (date(2026, 11, 1), "unheard of", 7),
    ):
        Spending.objects.create(month_date=month, price_class=price, billed=billed)
    found = spending.budget(NOON)
    assert (found.spent_usd, found.percent) == (Decimal(8), 80)
    assert (found.is_near, found.is_reached) == (True, False)
    assert found.resets_date == date(2026, 12, 1)
    assert spending.budget(NOON + timedelta(days=1)).spent_usd == 0
    assert spending.next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert "before December 1." in spending.why_stopped(NOON)


def test_budget_without_a_stop_is_never_near(db: None, settings: Any) -> None:
    settings.MONTHLY_STOP_USD = Decimal(0)
    found = spending.Budget(Decimal(99), Decimal(0), date(2026, 12, 1))
    assert (found.percent, found.is_near, found.is_reached) == (0, False, False)
    assert not spending.stops(Price.DATA, Decimal(99))


def test_commands_stop_above_the_line_of_reads() -> None:
    lines = [
        [spending.stops(price, Decimal(usd)) for usd in ("9.99", "10", "11")]
        for price in (Price.DATA, Price.WAKES, Price.COMMANDS, Price.FREE)
    ]
    assert lines == [
        [False, True, True],
        [False, True, True],
        [False, False, True],
        [False, False, False],
    ]


@pytest.fixture
def asked(alice: User, make_grant: Any) -> Inquiry:
    """Return a claimed question of a page about a car's data."""
    grant = make_grant(alice)
    inquiry = inquiries.ask(alice, grant, "vehicle_data", "5YJ3E1EA4PF000001")
    claimed = inquiries.claim(inquiry.pk)
    assert claimed is not None
    return claimed


class _Refuses:
    """A client that must not be asked."""

    def call(self, *_arguments: object) -> None:
        raise AssertionError("Tesla was asked")


def test_page_s_question_is_refused_when_the_money_is_spent(asked: Inquiry) -> None:
    month = spending.month_of(timezone.now())
    Spending.objects.create(month_date=month, price_class="wakes", billed=500)
    answered = inquiries.answer(asked, _Refuses())  # type: ignore[arg-type]
    assert (answered.state, answered.error_code) == ("failed", "monthly_stop")
    assert "MONTHLY_STOP_USD" in answered.error_words
    assert Usage.objects.count() == 0


def test_page_s_calls_are_counted_at_once(asked: Inquiry) -> None:
    usage.note_page_call(asked.user, asked.subject, Price.DATA, 408, 5.0)
    usage.note_page_call(asked.user, asked.subject, Price.DATA, 0, 5.0)
    row = Usage.objects.get()
    assert (row.access_token_key, row.program) == (usage.PAGES, "pages")
    assert (row.calls, row.asked, row.billed) == (2, 2, 1)
    assert (row.refused, row.failed) == (1, 1)
