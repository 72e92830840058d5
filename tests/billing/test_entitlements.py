"""The policy tables: what each state of a subscription opens, to the second."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from billing.models import Subscription
from billing.policy import Capability, Standing
from billing.services import entitlements
from billing.services.entitlements import Entitlement

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ALWAYS = {Capability.CONSOLE, Capability.TOKENS, Capability.EXPORT, Capability.DELETION}


@pytest.fixture(autouse=True)
def _sold(settings: Settings) -> None:
    settings.BILLING_PROVIDER = "paddle"


def make_subscription(user: User, status: str, **fields: object) -> Subscription:
    """Make a subscription of one vehicle."""
    facts = {"vehicles": 1, "currency": "USD", "cycle": "month", "occurred_at": NOON}
    return Subscription.objects.create(
        user=user,
        provider="paddle",
        external_id=f"sub_{uuid4().hex[:20]}",
        status=status,
        **(facts | fields),
    )


def opened(user: User, *, now: datetime = NOON, product: str = "") -> set[Capability]:
    held = entitlements.load(user.pk)
    return {one for one in Capability if held.allows(one, product=product, now=now)}


@pytest.mark.parametrize("policy", ["default", "per_product"])
@pytest.mark.parametrize(
    ("status", "opens_all"),
    [
        ("incomplete", False),
        ("trialing", True),
        ("active", True),
        ("past_due", True),
        ("paused", False),
        ("canceled", False),
    ],
)
def test_each_state_opens_what_the_table_says(
    settings: Settings, alice: User, policy: str, status: str, *, opens_all: bool
) -> None:
    settings.BILLING_POLICY = policy
    make_subscription(alice, status, past_due_at=NOON)
    without = ALWAYS | ({Capability.WEBHOOKS} if policy == "default" else set())
    assert opened(alice) == (set(Capability) if opens_all else without)


def test_who_never_subscribed_has_webhooks_but_no_api(alice: User) -> None:
    assert opened(alice) == ALWAYS | {Capability.WEBHOOKS}


def test_grace_ends_to_the_second(settings: Settings, alice: User) -> None:
    settings.BILLING_GRACE_DAYS = 7
    row = make_subscription(alice, "past_due", past_due_at=NOON)
    end = NOON + timedelta(days=7)
    assert row.standing(end - SECOND) == Standing.GRACE
    assert row.standing(end) == Standing.OVERDUE
    assert Capability.API in opened(alice, now=end - SECOND)
    assert Capability.API not in opened(alice, now=end + SECOND)


def test_grace_without_a_time_counts_from_the_news(
    settings: Settings, alice: User
) -> None:
    settings.BILLING_GRACE_DAYS = 1
    row = make_subscription(alice, "past_due")
    assert row.standing(NOON + timedelta(hours=23)) == Standing.GRACE
    assert row.standing(NOON + timedelta(hours=25)) == Standing.OVERDUE


def test_canceled_works_until_the_paid_time_is_over(alice: User) -> None:
    row = make_subscription(alice, "canceled", paid_until=NOON)
    assert row.standing(NOON - SECOND) == Standing.ENDING
    assert row.standing(NOON) == Standing.ENDED


def test_what_is_not_in_the_catalog_opens_nothing(alice: User) -> None:
    row = make_subscription(alice, "active", vehicles=0, sites=0)
    assert row.standing(NOON) == Standing.NEVER


def test_one_of_two_subscriptions_is_enough(alice: User, charlie: User) -> None:
    make_subscription(alice, "canceled")
    make_subscription(alice, "active")
    assert opened(alice) == set(Capability)
    assert Capability.API not in opened(charlie)


def test_policy_per_product_opens_the_named_ones(
    settings: Settings, alice: User
) -> None:
    settings.BILLING_POLICY = "per_product"
    make_subscription(alice, "active", products=["VIN1"])
    assert Capability.API in opened(alice, product="VIN1")
    assert Capability.API not in opened(alice, product="VIN2")
    assert Capability.CONSOLE in opened(alice, product="VIN2")
    assert Capability.API in opened(alice)
    settings.BILLING_POLICY = "default"
    assert Capability.API in opened(alice, product="VIN2")


def test_policy_per_product_opens_all_of_who_bought_by_numbers(
    settings: Settings, alice: User
) -> None:
    settings.BILLING_POLICY = "per_product"
    make_subscription(alice, "active")
    assert Capability.API in opened(alice, product="VIN1")
    assert Capability.API in opened(alice, product="12")


def test_policy_per_product_opens_no_more_than_is_paid(
    settings: Settings, alice: User
) -> None:
    settings.BILLING_POLICY = "per_product"
    names = ["VIN1", "12", "VIN2", "13"]
    make_subscription(alice, "active", vehicles=1, sites=2, products=names)
    found = [Capability.API in opened(alice, product=one) for one in names]
    assert found == [True, True, False, True]


def test_without_a_provider_everything_is_open_without_a_query(
    settings: Settings, alice: User
) -> None:
    settings.BILLING_PROVIDER = "none"
    with CaptureQueriesContext(connection) as queries:
        assert all(entitlements.allows(alice.pk, one) for one in Capability)
    assert len(queries) == 0


def test_with_a_provider_it_is_one_query(alice: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert entitlements.allows(alice.pk, Capability.API) is False
    assert len(queries) == 1


def test_free_is_free() -> None:
    assert Entitlement(is_free=True).allows(Capability.API) is True
