"""What a person does with a subscription, done at the provider and stored."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from billing.errors import (
    BeingDone,
    NotPossible,
    ProviderAway,
    ProviderBusy,
    ProviderRefused,
    UnknownPlan,
)
from billing.models import Checkout, Subscription
from billing.plans import Selection
from billing.services import acting
from simulator.paddle.testing import RunningPaddle
from tests.fixtures.billing import Deliver, Subscribe

pytestmark = pytest.mark.django_db
DAY_S = 86_400


def test_pause_waits_for_the_end_of_the_paid_time(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    acting.pause(row)
    assert (row.status, row.scheduled_action) == ("active", "pause")
    assert row.scheduled_at == row.paid_until
    paddle.advance(32 * DAY_S)
    deliver()
    row.refresh_from_db()
    assert (row.status, row.scheduled_action, row.next_billed_at) == (
        "paused",
        "",
        None,
    )


def test_resume_after_the_paid_time_begins_a_new_one(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    acting.pause(row)
    paddle.advance(40 * DAY_S)
    deliver()
    row.refresh_from_db()
    acting.resume(row)
    assert row.status == "active"
    assert row.paid_until is not None
    assert row.paid_until > timezone.now() + timedelta(days=60)
    assert len(paddle.machine.transactions) == 2


def test_resume_within_the_paid_time_costs_nothing(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    row = subscribe(alice)
    paid_until = row.paid_until
    acting.pause(row, at_once=True)
    assert (row.status, row.scheduled_action) == ("paused", "")
    acting.resume(row)
    assert (row.status, row.paid_until) == ("active", paid_until)
    assert len(paddle.machine.transactions) == 1


def test_resume_with_a_card_that_fails_is_overdue(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    acting.pause(row)
    paddle.advance(40 * DAY_S)
    deliver()
    row.refresh_from_db()
    paddle.subscription().card_works = False
    acting.resume(row)
    assert row.status == "past_due"
    assert row.past_due_at is not None


@pytest.mark.parametrize("verb", ["cancel", "pause"])
def test_what_is_scheduled_can_be_undone(
    subscribe: Subscribe, alice: User, verb: str
) -> None:
    row = subscribe(alice)
    getattr(acting, verb)(row)
    assert row.scheduled_action == verb
    acting.undo(row)
    assert (row.status, row.scheduled_action, row.scheduled_at) == ("active", "", None)


def test_cancel_ends_when_the_paid_time_is_over(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    acting.cancel(row)
    assert (row.status, row.scheduled_action) == ("active", "cancel")
    paddle.advance(32 * DAY_S)
    deliver()
    row.refresh_from_db()
    assert (row.status, row.next_billed_at) == ("canceled", None)
    assert row.paid_until == row.canceled_at


def test_cancel_of_a_pause_is_at_once(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    paddle.in_loop(lambda machine: machine.pause(paddle.subscription()))
    deliver()
    row.refresh_from_db()
    acting.cancel(row)
    assert row.status == "canceled"


def test_change_charges_the_rest_of_the_period_exactly(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    row = subscribe(alice)
    begun = paddle.subscription()
    assert begun.period_end is not None
    half = (begun.period_end - begun.period_begin) / 2
    paddle.advance(half.total_seconds())
    selection = Selection("USD", "month", 4, 1)
    cost = acting.preview(row, selection)
    assert (str(cost.due_now), str(cost.due_next)) == ("2.50 USD", "11.50 USD")
    assert row.vehicles == 2
    acting.change(row, selection)
    assert (row.vehicles, row.sites) == (4, 1)
    charged = [one.total for one in paddle.machine.transactions.values()]
    assert charged == [650, 250]


def test_change_of_one_kind_keeps_the_other(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    row = subscribe(alice)
    acting.change(row, Selection("USD", "month", 1, 1, ("VIN1", "12")))
    quantities = sorted(quantity for _, quantity in paddle.subscription().items)
    assert quantities == [1, 1]
    row.refresh_from_db()
    assert (row.vehicles, row.sites, row.products) == (1, 1, ["VIN1", "12"])


def test_change_keeps_currency_and_cycle_of_the_subscription(
    subscribe: Subscribe, alice: User
) -> None:
    row = subscribe(alice, Selection("EUR", "year", 1, 0))
    acting.change(row, Selection("USD", "month", 2, 0))
    assert (row.vehicles, row.currency, row.cycle) == (2, "EUR", "year")


def test_change_that_is_declined_changes_nothing(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    row = subscribe(alice)
    paddle.subscription().card_works = False
    with pytest.raises(ProviderRefused, match="subscription_payment_declined"):
        acting.change(row, Selection("USD", "month", 9, 1))
    row.refresh_from_db()
    assert (row.vehicles, row.lease_until) == (2, None)


def test_change_to_nothing_is_refused(subscribe: Subscribe, alice: User) -> None:
    row = subscribe(alice)
    with pytest.raises(NotPossible):
        acting.preview(row, Selection("USD", "month", 0, 0))


def test_change_without_a_price_is_refused(subscribe: Subscribe, alice: User) -> None:
    row = subscribe(alice)
    row.currency = "SEK"
    with pytest.raises(UnknownPlan):
        acting.preview(row, Selection("USD", "month", 1, 0))


@pytest.mark.parametrize(
    ("status", "scheduled", "verb"),
    [
        ("paused", "", "pause"),
        ("active", "cancel", "pause"),
        ("active", "pause", "cancel"),
        ("active", "cancel", "cancel"),
        ("canceled", "", "cancel"),
        ("active", "", "resume"),
        ("active", "", "undo"),
        ("canceled", "", "payment_method"),
    ],
)
def test_what_the_state_does_not_allow_is_not_asked(
    paddle: RunningPaddle,
    subscribe: Subscribe,
    alice: User,
    status: str,
    scheduled: str,
    verb: str,
) -> None:
    row = subscribe(alice)
    Subscription.objects.update(status=status, scheduled_action=scheduled)
    row.refresh_from_db()
    paddle.desk.calls.clear()
    with pytest.raises(NotPossible) as refusal:
        getattr(acting, verb)(row)
    assert refusal.value.words
    assert paddle.desk.calls == []


@pytest.mark.parametrize(("status", "scheduled"), [("paused", ""), ("active", "pause")])
def test_change_needs_a_subscription_that_simply_runs(
    subscribe: Subscribe, alice: User, status: str, scheduled: str
) -> None:
    row = subscribe(alice)
    Subscription.objects.update(status=status, scheduled_action=scheduled)
    row.refresh_from_db()
    with pytest.raises(NotPossible):
        acting.change(row, Selection("USD", "month", 1, 1))


def test_two_at_once_ask_the_provider_once(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    row = subscribe(alice)
    Subscription.objects.update(lease_until=timezone.now() + timedelta(seconds=60))
    with pytest.raises(BeingDone):
        acting.cancel(row)
    Subscription.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    acting.cancel(row)
    path = f"/subscriptions/{row.external_id}/cancel"
    assert paddle.calls("POST", path) == 1


def test_new_payment_details_settle_what_is_overdue(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    paddle.subscription().card_works = False
    paddle.advance(32 * DAY_S)
    deliver()
    row.refresh_from_db()
    assert row.status == "past_due"
    checkout = acting.payment_method(row)
    Checkout.objects.filter(pk=checkout.pk).update(state="closed")
    assert acting.payment_method(row) == checkout
    assert Checkout.objects.get(pk=checkout.pk).state == "open"
    paddle.pay(checkout.transaction_id)
    deliver()
    row.refresh_from_db()
    checkout.refresh_from_db()
    assert (row.status, row.past_due_at) == ("active", None)
    assert checkout.state == Checkout.State.COMPLETED


def test_new_payment_details_of_a_paid_subscription_cost_nothing(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    checkout = acting.payment_method(row)
    assert paddle.pay(checkout.transaction_id).total == 0
    deliver()
    row.refresh_from_db()
    assert row.status == "active"
    assert Subscription.objects.count() == 1


def test_dunning_that_is_exhausted_ends_the_subscription(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    paddle.subscription().card_works = False
    paddle.advance(32 * DAY_S)
    paddle.advance(31 * DAY_S)
    deliver()
    row.refresh_from_db()
    assert row.status == "canceled"


def test_busy_provider_says_how_long(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    row = subscribe(alice)
    path = f"/subscriptions/{row.external_id}/cancel"
    paddle.fault("POST", path, status=429, retry_after_s=17)
    paddle.desk.calls.clear()
    with pytest.raises(ProviderBusy) as busy:
        acting.cancel(row)
    assert busy.value.retry_after_s == 17
    assert paddle.calls("POST", path) == 1


def test_busy_provider_that_does_not_say_is_left_alone_for_a_minute(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    row = subscribe(alice)
    paddle.fault("POST", ".*/cancel", status=429)
    with pytest.raises(ProviderBusy) as busy:
        acting.cancel(row)
    assert busy.value.retry_after_s == 60


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_provider_that_is_down_changes_nothing(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User, verb: str
) -> None:
    row = subscribe(alice)
    before = Subscription.objects.values().get()
    paddle.fault("POST", f".*/{verb}", status=500)
    with pytest.raises(ProviderAway):
        getattr(acting, verb)(row)
    assert Subscription.objects.values().get() == before
    getattr(acting, verb)(row)
    assert row.scheduled_action == verb


def test_answer_that_is_lost_is_told_by_the_notification(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    paddle.fault("POST", ".*/cancel", is_lost=True)
    with pytest.raises(ProviderAway):
        acting.cancel(row)
    deliver()
    row.refresh_from_db()
    assert row.scheduled_action == "cancel"
