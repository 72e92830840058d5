"""Each night our rows are compared with the provider's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from billing import tasks
from billing.errors import ProviderAway
from billing.models import CatalogPrice, Subscription
from billing.services import reconciling
from billing.services.reconciling import Outcome
from simulator.paddle.testing import RunningPaddle
from tests.fixtures.billing import Subscribe

pytestmark = pytest.mark.django_db


def test_lost_notification_is_made_up_for(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    row = subscribe(alice)
    assert reconciling.reconcile(timezone.now()) == Outcome(1, 0)
    paddle.in_loop(lambda machine: machine.cancel(paddle.subscription()))
    assert reconciling.reconcile(timezone.now()) == Outcome(1, 1)
    row.refresh_from_db()
    assert row.status == "canceled"


def test_row_that_was_never_heard_of_is_stored(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    subscribe(alice)
    Subscription.objects.all().delete()
    assert reconciling.reconcile(timezone.now()) == Outcome(1, 1)
    assert Subscription.objects.get().user == alice


def test_subscription_of_nobody_is_passed_over(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    subscribe(alice)
    paddle.subscription().customer_id = "ctm_01strange0000000000000000"
    Subscription.objects.all().delete()
    assert reconciling.reconcile(timezone.now()) == Outcome(1, 0)


def test_long_lists_are_read_to_their_end(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    subscribe(alice)
    first = paddle.subscription()
    for number in range(450):
        other = f"sub_01{number:024d}"
        copied = {name: getattr(first, name) for name in first.__slots__}
        copied |= {"id": other, "customer_id": "ctm_01strange0000000000000000"}
        paddle.machine.subscriptions[other] = type(first)(**copied)
    assert reconciling.reconcile(timezone.now()).read == 451


def test_new_prices_are_read(paddle: RunningPaddle) -> None:
    CatalogPrice.objects.all().delete()
    assert reconciling.reconcile(timezone.now()) == Outcome(0, 0)
    assert CatalogPrice.objects.count() == 16


def test_prices_stay_while_the_provider_is_away(paddle: RunningPaddle) -> None:
    paddle.fault("GET", "/prices/.*", status=503)
    with pytest.raises(ProviderAway):
        reconciling.reconcile(timezone.now())
    paddle.fault("GET", "/prices/.*", status=503)
    tasks.reconcile()
    assert CatalogPrice.objects.count() == 16


def test_price_of_another_cycle_is_refused(paddle: RunningPaddle) -> None:
    for price in paddle.machine.prices.values():
        price["billing_cycle"] = {"interval": "week", "frequency": 1}
    with pytest.raises(ValueError, match="is not billed once a month"):
        reconciling.reconcile(timezone.now())
    tasks.sweep()


def test_older_reading_changes_nothing(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    subscribe(alice)
    later = timezone.now() + timedelta(days=1)
    Subscription.objects.update(occurred_at=later, vehicles=9)
    tasks.reconcile()
    assert Subscription.objects.get().vehicles == 9
