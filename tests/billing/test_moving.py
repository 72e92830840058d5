"""Whoever moves from Stripe to Paddle pays for no day twice, whatever happens."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing import tasks
from billing.errors import (
    AlreadySubscribed,
    BeingDone,
    NotPossible,
    ProviderAway,
)
from billing.models import Alert, Checkout, Move, Subscription
from billing.plans import Selection
from billing.policy import Capability
from billing.services import (
    acting,
    cancelling,
    checkouts,
    entitlements,
    moving,
    reconciling,
)
from simulator.paddle.testing import RunningPaddle
from simulator.stripe.testing import RunningStripe
from tests.fixtures.billing import Deliver
from tests.fixtures.stripe import (
    TWO_AND_ONE,
    BeginMove,
    Hear,
    SubscribeThere,
    the_move,
)

pytestmark = pytest.mark.django_db
DAY_S = 86_400
YEARLY = Selection("USD", "year", 1, 0)


def charged(paddle: RunningPaddle) -> int:
    """Return what Paddle has charged so far, in the smallest unit."""
    done = [
        one for one in paddle.machine.transactions.values() if one.status == "completed"
    ]
    return sum(one.total for one in done)


def paid_there(stripe: RunningStripe) -> int:
    """Return what Stripe has charged so far, in the smallest unit."""
    return sum(one.total for one in stripe.machine.invoices.values() if one.paid_at)


def go_on() -> Move:
    """Do what the sweep does, as if the wait between two looks were over."""
    Move.objects.update(try_at=timezone.now(), lease_until=None)
    moving.advance_due(timezone.now())
    return the_move()


def targets() -> list[Subscription]:
    return list(Subscription.objects.filter(provider="paddle"))


def alerts() -> set[str]:
    return set(Alert.objects.filter(settled_at=None).values_list("code", flat=True))


def test_whole_move_charges_each_day_once(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    hear: Hear,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    checkout = begin_move(source)
    assert stripe.subscription().ends_with_period is False
    paddle.pay(checkout.transaction_id)
    deliver()
    assert charged(paddle) == 0
    assert go_on().state == "switched"
    (target,) = targets()
    source.refresh_from_db()
    assert (target.status, target.vehicles, target.sites) == ("trialing", 2, 1)
    assert target.next_billed_at == source.paid_until
    assert (source.scheduled_action, source.next_billed_at) == ("cancel", None)
    assert stripe.subscription().metadata["migrated_to"] == str(the_move().pk)
    assert entitlements.allows(alice.pk, Capability.API) is True
    assert reconciling.reconcile(timezone.now()).repaired == 0
    assert alerts() == set()
    for running in (stripe, paddle):
        running.advance(32 * DAY_S)
    deliver()
    hear()
    assert go_on().state == "done"
    assert (paid_there(stripe), charged(paddle)) == (650, 650)
    source.refresh_from_db()
    target.refresh_from_db()
    assert (source.status, target.status) == ("canceled", "active")


def test_closed_checkout_changes_nothing(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    checkout = begin_move(source)
    assert go_on().state == "started"
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        checkouts.confirm_open(timezone.now())
        assert go_on().state == "abandoned"
    assert stripe.calls("POST", f"/v1/subscriptions/{source.external_id}") == 0
    again = begin_move(source)
    assert again.pk != checkout.pk
    assert Move.objects.filter(state="started").count() == 1


def test_checkout_that_is_paid_long_after_it_was_given_up_still_moves(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    checkout = begin_move(subscribe_there(alice))
    Checkout.objects.update(state="closed")
    Move.objects.update(begun_at=timezone.now() - timedelta(days=1))
    assert go_on().state == "abandoned"
    paddle.pay(checkout.transaction_id)
    deliver()
    assert go_on().state == "switched"


def test_late_payment_beside_a_newer_move_is_given_back_before_it_costs(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    first = begin_move(source)
    Checkout.objects.update(state="closed")
    Move.objects.update(state="abandoned")
    second = begin_move(source)
    paddle.pay(first.transaction_id)
    deliver()
    Move.objects.update(try_at=timezone.now())
    moving.advance_due(timezone.now())
    assert [one.status for one in targets()] == ["canceled"]
    paddle.pay(second.transaction_id)
    deliver()
    Move.objects.update(try_at=timezone.now())
    moving.advance_due(timezone.now())
    states = sorted(Move.objects.values_list("state", flat=True))
    assert states == ["abandoned", "switched"]
    assert charged(paddle) == 0


def test_new_subscription_made_twice_is_kept_once(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    first = begin_move(source)
    Checkout.objects.update(state="closed")
    second = begin_move(source)
    assert first.pk != second.pk
    for checkout in (first, second):
        paddle.pay(checkout.transaction_id)
    deliver()
    assert go_on().state == "switched"
    assert sorted(one.status for one in targets()) == ["canceled", "trialing"]
    assert charged(paddle) == 0


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_at_once_make_one_transaction(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    barrier, refused = threading.Barrier(10), list[Exception]()

    def click() -> None:
        try:
            barrier.wait(10)
            moving.begin(Subscription.objects.get(pk=source.pk), source.selection)
        except BeingDone as error:
            refused.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Move.objects.count() == Checkout.objects.filter(state="open").count() == 1
    assert paddle.calls("POST", "/transactions") == 1
    assert len(refused) < 10


def test_end_within_half_an_hour_gives_the_day_away(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    hear: Hear,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    soon = timezone.now() + timedelta(minutes=20)
    stripe.subscription().period_end = soon
    Subscription.objects.update(paid_until=soon)
    checkout = begin_move(source)
    assert checkout.trial_days == 1
    paddle.pay(checkout.transaction_id)
    deliver()
    assert go_on().state == "switched"
    (target,) = targets()
    assert target.next_billed_at is not None
    assert timedelta(hours=23) < target.next_billed_at - timezone.now()
    assert stripe.subscription().ends_with_period is True


def test_eleven_months_that_are_paid_are_free(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    hear: Hear,
    alice: User,
) -> None:
    source = subscribe_there(alice, YEARLY)
    checkout = begin_move(source)
    assert 364 <= checkout.trial_days <= 367
    paddle.pay(checkout.transaction_id)
    deliver()
    go_on()
    stripe.advance(334 * DAY_S)
    paddle.advance(334 * DAY_S)
    assert charged(paddle) == 0
    stripe.advance(40 * DAY_S)
    paddle.advance(40 * DAY_S)
    deliver()
    hear()
    assert go_on().state == "done"
    assert (paid_there(stripe), charged(paddle)) == (2500, 2500)


def test_another_currency_may_be_chosen(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice, Selection("GBP", "month", 1, 0))
    checkout = begin_move(source, Selection("EUR", "year", 1, 0))
    paddle.pay(checkout.transaction_id)
    deliver()
    assert go_on().state == "switched"
    (target,) = targets()
    assert (target.currency, target.cycle, target.vehicles) == ("EUR", "year", 1)
    assert alerts() == set()


def test_two_subscriptions_at_stripe_are_said(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    hear: Hear,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    first = stripe.subscription()
    other = stripe.in_loop(
        lambda machine: machine.begin(first.customer_id, first.items, "usd")
    )
    hear()
    with pytest.raises(NotPossible, match="two subscriptions"):
        begin_move(source)
    acting.cancel(Subscription.objects.get(external_id=other.id))
    begin_move(source)
    acting.cancel(source)
    with pytest.raises(NotPossible, match="Another subscription"):
        begin_move(Subscription.objects.get(external_id=other.id))


def test_stripe_s_news_may_come_before_paddle_s(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    hear: Hear,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    checkout = begin_move(source)
    paddle.pay(checkout.transaction_id)
    stripe.in_loop(lambda machine: machine.cancel(stripe.subscription()))
    hear()
    assert go_on().state == "started"
    deliver()
    assert go_on().state == "done"
    (target,) = targets()
    assert target.status == "trialing"


def test_payment_at_stripe_meanwhile_is_waited_out(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    checkout = begin_move(source)
    stripe.advance(32 * DAY_S)
    paddle.pay(checkout.transaction_id)
    deliver()
    assert go_on().state == "switched"
    (target,) = targets()
    source.refresh_from_db()
    assert target.next_billed_at == source.paid_until
    assert the_move().ends_at == stripe.subscription().period_end.replace(microsecond=0)


def test_payment_at_stripe_between_the_last_two_steps_is_waited_out(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    paddle.pay(begin_move(source).transaction_id)
    deliver()
    stripe.fault("POST", f"/v1/subscriptions/{source.external_id}")
    assert go_on().state == "dated"
    stripe.advance(32 * DAY_S)
    assert go_on().state == "switched"
    (target,) = targets()
    source.refresh_from_db()
    assert target.next_billed_at == source.paid_until


STEPS = [
    ("paddle", "GET", "/prices/.*"),
    ("paddle", "POST", "/transactions"),
    ("paddle", "PATCH", "/subscriptions/.*"),
    ("stripe", "GET", "/v1/subscriptions/.*"),
    ("stripe", "POST", "/v1/subscriptions/.*"),
]


@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.parametrize(("who", "method", "path"), STEPS)
def test_each_step_can_fail_and_be_repeated(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
    who: str,
    method: str,
    path: str,
    *,
    is_lost: bool,
) -> None:
    source = subscribe_there(alice)
    spoil = paddle.fault if who == "paddle" else stripe.fault
    spoil(method, path, is_lost=is_lost)
    if method in {"POST", "GET"} and who == "paddle":
        # A GET whose connection died is sent again by itself.
        with suppress(ProviderAway):
            begin_move(source)
    checkout = begin_move(source)
    paddle.pay(checkout.transaction_id)
    deliver()
    go_on()
    assert go_on().state == "switched"
    assert len(paddle.machine.transactions) == len(targets()) == 1
    source.refresh_from_db()
    assert targets()[0].next_billed_at == source.paid_until
    assert (charged(paddle), paid_there(stripe)) == (0, 650)


def test_crash_between_any_two_steps_is_finished(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    paddle.pay(begin_move(source).transaction_id)
    deliver()
    assert go_on().state == "switched"
    for state in ("paid", "dated", "switched"):
        Move.objects.update(state=state)
        assert go_on().state == "switched"
    assert len(targets()) == 1
    assert stripe.subscription().ends_with_period is True


def test_stripe_that_will_not_end_is_told_and_the_new_one_held(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    paddle.pay(begin_move(source).transaction_id)
    deliver()
    fault = stripe.fault("POST", "/v1/subscriptions/.*", times=99)
    assert go_on().state == "dated"
    assert alerts() == set()
    ends_at = the_move().ends_at
    with time_machine.travel(ends_at - timedelta(hours=23)):
        go_on()
        assert (alerts(), the_move().held_at) == ({"charged_twice"}, None)
    with time_machine.travel(ends_at - timedelta(minutes=59)):
        paddle.fault("POST", "/subscriptions/.*/pause")
        go_on()
        assert the_move().held_at is None
        assert go_on().held_at is not None
        (target,) = targets()
        assert target.scheduled_action == "pause"
        fault.times = 0
        assert go_on().state == "switched"
    (target,) = targets()
    assert (target.scheduled_action, the_move().held_at) == ("", None)
    assert alerts() == set()


def test_new_one_that_was_paused_for_it_is_given_up(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    paddle.pay(begin_move(source).transaction_id)
    deliver()
    fault = stripe.fault("POST", "/v1/subscriptions/.*", times=99)
    go_on()
    with time_machine.travel(the_move().ends_at - timedelta(minutes=50)):
        go_on()
    stripe.advance(32 * DAY_S)
    paddle.advance(32 * DAY_S)
    deliver()
    fault.times = 0
    assert go_on().state == "undone"
    assert [one.status for one in targets()] == ["canceled"]
    assert stripe.subscription().ends_with_period is False
    assert (charged(paddle), paid_there(stripe)) == (0, 1300)


def test_undo_before_the_checkout_closes_it(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    alice: User,
) -> None:
    checkout = begin_move(subscribe_there(alice))
    moving.undo(the_move())
    assert the_move().state == "abandoned"
    assert paddle.machine.transactions[checkout.transaction_id].status == "canceled"
    checkout.refresh_from_db()
    assert checkout.state == "closed"


def test_undo_of_a_checkout_that_was_just_paid_is_refused(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    alice: User,
) -> None:
    checkout = begin_move(subscribe_there(alice))
    paddle.pay(checkout.transaction_id)
    with pytest.raises(NotPossible, match="completed just now"):
        moving.undo(the_move())
    assert go_on().state == "switched"


def test_undo_goes_back_to_stripe(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    paddle.pay(begin_move(source).transaction_id)
    deliver()
    go_on()
    with pytest.raises(NotPossible, match="undo the move"):
        moving.check_undo(source)
    stripe.fault("POST", "/v1/subscriptions/.*")
    with pytest.raises(ProviderAway):
        moving.undo(the_move())
    assert go_on().state == "undone"
    source.refresh_from_db()
    assert (source.scheduled_action, targets()[0].status) == ("", "canceled")
    moving.check_undo(source)
    with pytest.raises(NotPossible, match="over"):
        moving.undo(the_move())
    begin_move(source)


def test_new_one_that_is_ended_before_the_switch_leaves_stripe_alone(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    paddle.pay(begin_move(source).transaction_id)
    deliver()
    stripe.fault("GET", "/v1/subscriptions/.*")
    assert go_on().state == "paid"
    acting.cancel(targets()[0], at_once=True)
    assert go_on().state == "undone"
    assert stripe.subscription().ends_with_period is False


def test_overdue_at_stripe_when_paid_at_paddle_ends_there_at_once(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    checkout = begin_move(source)
    stripe.subscription().card_works = False
    stripe.advance(32 * DAY_S)
    paddle.pay(checkout.transaction_id)
    deliver()
    assert go_on().state == "done"
    assert stripe.subscription().status == "canceled"
    assert paid_there(stripe) == 650


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"status": "past_due"}, "overdue"),
        ({"status": "paused"}, "paused"),
        ({"status": "canceled"}, "has ended"),
        ({"status": "incomplete"}, "that runs"),
        ({"withdrawn_at": timezone.now()}, "went back"),
        ({"paid_until": None}, "being made just now"),
        ({"paid_until": timezone.now() - timedelta(seconds=1)}, "being made just now"),
    ],
)
def test_what_cannot_be_moved_is_said(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    alice: User,
    facts: dict[str, object],
    words: str,
) -> None:
    source = subscribe_there(alice)
    Subscription.objects.update(**facts)
    with pytest.raises(NotPossible, match=words):
        begin_move(source)
    assert not Move.objects.exists()


def test_move_that_is_done_is_not_begun_again(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    paddle.pay(begin_move(source).transaction_id)
    deliver()
    go_on()
    with pytest.raises(NotPossible, match="being moved already"):
        begin_move(source)
    Move.objects.update(state="undone")
    with pytest.raises(AlreadySubscribed):
        begin_move(source)


def test_checkout_of_a_plain_subscription_is_closed_for_the_move(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    alice: User,
) -> None:
    plain = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    Checkout.objects.filter(pk=plain.pk).update(state="closed")
    source = subscribe_there(alice)
    Checkout.objects.filter(pk=plain.pk).update(state="open")
    begin_move(source)
    plain.refresh_from_db()
    assert plain.state == "closed"
    assert paddle.machine.transactions[plain.transaction_id].status == "canceled"


def test_both_that_would_be_charged_are_told_to_the_owner(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    paddle.pay(begin_move(source).transaction_id)
    deliver()
    assert moving.look_for_double_charges(timezone.now()) == 1
    assert go_on().state == "switched"
    assert moving.look_for_double_charges(timezone.now()) == 0


def test_deletion_ends_both_and_the_move(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    paddle.pay(begin_move(source).transaction_id)
    deliver()
    go_on()
    assert cancelling.cancel_for_deletion(alice) == 2
    assert (stripe.subscription().status, the_move().state) == ("canceled", "undone")
    assert paddle.subscription().status == "canceled"


def test_sweep_goes_on_with_moves_though_prices_cannot_be_read(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    settings: Settings,
    alice: User,
) -> None:
    source = subscribe_there(alice)
    paddle.pay(begin_move(source).transaction_id)
    deliver()
    Move.objects.update(try_at=timezone.now())
    tasks.sweep()
    assert the_move().state == "switched"
    settings.STRIPE_API_KEY = ""
    assert moving.legacy(alice) == []
    assert moving.advance_due(timezone.now()) == 0


def test_two_workers_take_turns(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    alice: User,
) -> None:
    begin_move(subscribe_there(alice))
    Move.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(BeingDone):
        moving.advance(the_move())


def test_end_at_stripe_before_the_last_step_is_enough(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
) -> None:
    paddle.pay(begin_move(subscribe_there(alice)).transaction_id)
    deliver()
    stripe.fault("POST", "/v1/subscriptions/.*")
    assert go_on().state == "dated"
    stripe.fault("POST", "/v1/subscriptions/.*", status=400)
    assert go_on().state == "dated"
    stripe.in_loop(lambda machine: machine.cancel(stripe.subscription()))
    assert go_on().state == "done"


@pytest.mark.parametrize(("days", "codes"), [(0, set[str]()), (32, {"charged_twice"})])
def test_date_that_paddle_refuses_does_not_keep_stripe_from_ending(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    deliver: Deliver,
    alice: User,
    days: int,
    codes: set[str],
) -> None:
    checkout = begin_move(subscribe_there(alice))
    stripe.advance(days * DAY_S)
    paddle.pay(checkout.transaction_id)
    deliver()
    paddle.fault("PATCH", "/subscriptions/.*", status=400)
    assert go_on().state == "switched"
    assert stripe.subscription().ends_with_period is True
    assert alerts() == codes
