"""What is consumed at Tesla and what is left, as streams tell it."""

from decimal import Decimal
from typing import Any

import pytest
import redis
from django.utils import timezone
from pytest_django import Settings
from teslemetry_stream.const import CreditsEvent

from accounts.models import User
from events import presence
from fleet.endpoints import Price
from tests.fixtures.events import During, of
from tokens import tasks
from tokens.models import Spending
from tokens.services import credits, spending, usage  # noqa: A004
from tokens.services.credits import Consumed

VIN = "5YJ3E1EA4PF000001"


def spend(**billed: int) -> None:
    month = spending.month_of(timezone.now())
    for price_class, count in billed.items():
        Spending.objects.create(month_date=month, price_class=price_class, billed=count)


def told_to(during: During, user: User, *consumed: Consumed) -> list[dict[str, Any]]:
    told = of(during(lambda: credits.tell(consumed)), user)
    return [one["credits"] for one in told]


@pytest.mark.parametrize(
    ("price", "calls", "cost"),
    [
        (Price.COMMANDS, 1, 1),
        (Price.DATA, 1, 2),
        (Price.WAKES, 1, 20),
        (Price.DATA, 3, 6),
        (Price.STREAMING, 1, 0.007),
    ],
)
def test_credit_is_a_thousandth_of_a_dollar(
    alice: User, during: During, price: Price, calls: int, cost: float
) -> None:
    (told,) = told_to(during, alice, Consumed(alice.pk, "it", price, calls))
    assert (told["type"], told["name"], told["cost"]) == (price.value, "it", cost)


def test_balance_is_what_is_left_of_the_months_allowance(
    alice: User, during: During, settings: Settings
) -> None:
    settings.MONTHLY_STOP_USD = Decimal(10)
    spend(data=1000)
    (told,) = told_to(during, alice, Consumed(alice.pk, "door_lock", Price.COMMANDS))
    assert (told["balance"], told["quota"]) == (8000, {"fraction": 0.2})
    assert CreditsEvent.from_dict(told).balance == 8000
    spend(wakes=1000)
    (told,) = told_to(during, alice, Consumed(alice.pk, "door_lock", Price.COMMANDS))
    assert (told["balance"], told["quota"]) == (0, {"fraction": 1.0})


def test_without_an_allowance_there_is_no_balance(
    alice: User, during: During, settings: Settings
) -> None:
    settings.MONTHLY_STOP_USD = Decimal(0)
    (told,) = told_to(during, alice, Consumed(alice.pk, "wake_up", Price.WAKES))
    assert told == {"type": "wakes", "cost": 20, "name": "wake_up", "balance": None}
    assert CreditsEvent.from_dict(told).quota == {}


def test_what_was_not_billed_is_not_told(alice: User, during: During) -> None:
    assert told_to(during, alice, Consumed(alice.pk, "x", Price.DATA, 0)) == []
    call = (alice, VIN, Price.DATA, 500, 1.0)
    assert of(during(lambda: usage.note_page_call(*call, name="x")), alice) == []


def test_page_call_that_is_billed_is_told_by_its_name(
    alice: User, during: During
) -> None:
    call = (alice, VIN, Price.DATA, 200, 1.0)
    told = of(during(lambda: usage.note_page_call(*call, name="vehicle_data")), alice)
    assert [(one["credits"]["name"], one["credits"]["cost"]) for one in told] == [
        ("vehicle_data", 2)
    ]


def test_listeners_find_a_balance_and_hear_what_others_consume(
    alice: User, bob: User, during: During, events_redis: "redis.Redis"
) -> None:
    assert during(tasks.tell_credits) == []
    for user in (alice, bob):
        presence.note(events_redis, user.pk)
    told = during(tasks.tell_credits)
    (mine,) = of(told, alice)
    assert (mine["credits"]["type"], mine["credits"]["name"]) == ("snapshot",) * 2
    assert mine["credits"]["cost"] == 0
    assert during(tasks.tell_credits) == []
    spend(wakes=5)
    during(lambda: credits.tell([Consumed(alice.pk, "wake_up", Price.WAKES)]))
    again = during(tasks.tell_credits)
    assert (of(again, alice), len(of(again, bob))) == ([], 1)
