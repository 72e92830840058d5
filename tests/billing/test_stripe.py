"""Stripe as the provider: checkout, notifications, what a person does, reconciling."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing import tasks
from billing.errors import (
    AlreadySubscribed,
    NotPossible,
    ProviderAway,
    ProviderBusy,
    ProviderRefused,
)
from billing.models import (
    Alert,
    CatalogPrice,
    Checkout,
    Customer,
    Invoice,
    ProviderEvent,
    Subscription,
)
from billing.plans import Selection
from billing.policy import Capability
from billing.provider.stripe.client import Told, moment_of
from billing.provider.stripe.provider import snapshot_of
from billing.services import (
    acting,
    cancelling,
    catalog,
    checkouts,
    entitlements,
    events,
    forgetting,
    providers,
    reconciling,
)
from simulator.paddle.testing import RunningPaddle
from simulator.stripe.testing import RunningStripe
from tests.fixtures.stripe import TWO_AND_ONE, Hear, SubscribeThere, post

pytestmark = pytest.mark.django_db
DAY_S = 86_400


def opens_api(user: User) -> bool:
    return entitlements.allows(user.pk, Capability.API)


def test_prices_are_read_in_each_currency(stripe_alone: RunningStripe) -> None:
    known = catalog.read("stripe")
    assert known.currencies == ("USD", "EUR", "GBP")
    assert known.local_currency("DE") == "EUR"
    assert known.local_currency("JP") == "USD"
    assert str(known.total(TWO_AND_ONE)) == "6.50 USD"


def test_price_that_is_sold_no_more_is_still_known(
    stripe_alone: RunningStripe, settings: Settings
) -> None:
    (old,) = settings.STRIPE_PRICES["vehicle", "month"]
    prices = stripe_alone.machine.prices
    prices["price_dearer"] = prices[old] | {"id": "price_dearer"}
    settings.STRIPE_PRICES = settings.STRIPE_PRICES | {
        ("vehicle", "month"): ("price_dearer", old)
    }
    catalog.refresh("stripe", providers.stripe(), timezone.now())
    known = catalog.read("stripe")
    assert known.kind_of(old) == "vehicle"
    assert known.price("vehicle", "month", "USD").external_id == "price_dearer"


def test_price_of_another_cycle_is_refused(stripe_alone: RunningStripe) -> None:
    stripe_alone.machine.prices["price_1simulatedvehiclemonth"]["recurring"] = {
        "interval": "week",
        "interval_count": 1,
    }
    with pytest.raises(ValueError, match="not billed once a month"):
        catalog.refresh("stripe", providers.stripe(), timezone.now())


def test_paid_checkout_opens_the_api(
    stripe_alone: RunningStripe,
    subscribe_there: SubscribeThere,
    alice: User,
    charlie: User,
) -> None:
    row = subscribe_there(alice)
    assert (row.user, row.status, row.vehicles, row.sites) == (alice, "active", 2, 1)
    assert (row.currency, row.cycle) == ("USD", "month")
    assert row.paid_until == row.next_billed_at
    assert opens_api(alice) is True
    assert opens_api(charlie) is False
    invoice = Invoice.objects.get()
    assert (str(invoice.total), invoice.number) == ("6.50 USD", "SIM-0001")
    assert Checkout.objects.get().state == "completed"
    assert not Alert.objects.exists()
    with pytest.raises(AlreadySubscribed):
        checkouts.begin(alice, "stripe", TWO_AND_ONE)


def test_payment_alone_completes_no_checkout(
    stripe_alone: RunningStripe, hear: Hear, alice: User
) -> None:
    checkout = checkouts.begin(alice, "stripe", TWO_AND_ONE)
    made = stripe_alone.pay(checkout.transaction_id)
    told = stripe_alone.notifications
    hear(*[one for one in told if one.event_type == "checkout.session.completed"])
    checkout.refresh_from_db()
    assert (checkout.state, checkout.subscription_id) == ("open", made.id)
    with pytest.raises(AlreadySubscribed):
        checkouts.begin(alice, "stripe", TWO_AND_ONE)
    tasks.confirm_checkout(str(checkout.pk))
    assert opens_api(alice) is True
    assert Checkout.objects.get().state == "completed"


@pytest.mark.parametrize("is_paid", [True, False])
def test_who_leaves_is_charged_for_no_open_checkout(
    stripe_alone: RunningStripe, alice: User, *, is_paid: bool
) -> None:
    checkout = checkouts.begin(alice, "stripe", TWO_AND_ONE)
    if is_paid:
        stripe_alone.pay(checkout.transaction_id)
    assert cancelling.cancel_for_deletion(alice) == is_paid
    made = stripe_alone.machine
    statuses = [one.status for one in made.subscriptions.values()]
    assert statuses == (["canceled"] if is_paid else [])
    session = made.sessions[checkout.transaction_id]
    assert session.status == ("complete" if is_paid else "expired")
    assert not Alert.objects.exists()


def test_late_news_of_who_left_are_not_kept(
    stripe_alone: RunningStripe,
    subscribe_there: SubscribeThere,
    hear: Hear,
    alice: User,
) -> None:
    subscribe_there(alice)
    cancelling.cancel_for_deletion(alice)
    forgetting.forget(alice)
    hear()
    assert not ProviderEvent.objects.exclude(body={}).exists()
    assert {*ProviderEvent.objects.values_list("outcome", flat=True)} == {"ignored"}
    assert not Alert.objects.exists()


def test_order_of_arrival_does_not_matter(
    stripe_alone: RunningStripe, hear: Hear, alice: User
) -> None:
    checkout = checkouts.begin(alice, "stripe", TWO_AND_ONE)
    made = stripe_alone.pay(checkout.transaction_id)
    stripe_alone.in_loop(lambda machine: machine.end_with_period(made, ends=True))
    told = stripe_alone.notifications
    hear(*told[::-1], *told)
    row = Subscription.objects.get()
    assert (row.status, row.scheduled_action) == ("active", "cancel")
    assert row.scheduled_at == row.paid_until
    assert row.next_billed_at is None
    assert ProviderEvent.objects.count() == len(told)
    assert not ProviderEvent.objects.filter(outcome__in=["tied", ""]).exists()


def test_news_of_one_second_are_read_again(
    stripe_alone: RunningStripe,
    subscribe_there: SubscribeThere,
    hear: Hear,
    alice: User,
) -> None:
    stripe_alone.reset(at=timezone.now())
    row = subscribe_there(alice)
    made = stripe_alone.subscription()
    for ends in (True, False):
        stripe_alone.do(partial(stripe_alone.machine.end_with_period, made, ends=ends))
    last, first = stripe_alone.notifications[:-3:-1]
    stripe_alone.fault("GET", "/v1/subscriptions/.*", status=503)
    hear(last, first)
    assert ProviderEvent.objects.filter(outcome="tied").exists()
    events.apply_due()
    row.refresh_from_db()
    assert row.scheduled_action == ""
    assert not ProviderEvent.objects.filter(outcome="tied").exists()


def test_news_that_nobody_knows_any_more_are_set_aside(
    stripe_alone: RunningStripe, subscribe_there: SubscribeThere, alice: User
) -> None:
    row = subscribe_there(alice)
    event = ProviderEvent.objects.filter(subject=row.external_id).first()
    assert event is not None
    for work in (row.delete, stripe_alone.machine.subscriptions.clear):
        ProviderEvent.objects.filter(pk=event.pk).update(outcome="tied")
        Customer.objects.all().delete()
        work()
        events.apply_due()
        event.refresh_from_db()
        assert event.outcome == "failed"


def test_lost_answer_makes_no_second_checkout(
    stripe_alone: RunningStripe, alice: User
) -> None:
    stripe_alone.fault("POST", "/v1/checkout/sessions", is_lost=True)
    with pytest.raises(ProviderAway):
        checkouts.begin(alice, "stripe", TWO_AND_ONE)
    checkouts.begin(alice, "stripe", TWO_AND_ONE)
    assert len(stripe_alone.machine.sessions) == 1
    assert len(stripe_alone.machine.customers) == 1


def test_other_selection_closes_the_first_checkout(
    stripe_alone: RunningStripe, alice: User
) -> None:
    first = checkouts.begin(alice, "stripe", TWO_AND_ONE).transaction_id
    other = checkouts.begin(alice, "stripe", Selection("EUR", "year", 1, 0))
    assert stripe_alone.machine.sessions[first].status == "expired"
    assert stripe_alone.machine.sessions[other.transaction_id].total == 2300
    assert checkouts.page_of(other).endswith(f"/pay/{other.transaction_id}")


def test_payment_is_confirmed_without_any_notification(
    stripe_alone: RunningStripe, alice: User
) -> None:
    checkout = checkouts.begin(alice, "stripe", TWO_AND_ONE)
    assert checkouts.confirm(checkout) is False
    stripe_alone.pay(checkout.transaction_id)
    assert checkouts.confirm(checkout) is True
    assert opens_api(alice) is True
    assert (Invoice.objects.get().number, Customer.objects.get().user) == (
        "SIM-0001",
        alice,
    )


def test_cancel_is_at_the_end_and_can_be_undone(
    stripe_alone: RunningStripe,
    subscribe_there: SubscribeThere,
    hear: Hear,
    alice: User,
) -> None:
    row = subscribe_there(alice)
    acting.cancel(row)
    assert (row.status, row.scheduled_action) == ("active", "cancel")
    acting.undo(row)
    assert row.scheduled_action == ""
    acting.cancel(row)
    stripe_alone.advance(32 * DAY_S)
    hear()
    row.refresh_from_db()
    assert (row.status, row.next_billed_at) == ("canceled", None)
    assert row.paid_until == row.canceled_at


def test_overdue_payment_is_settled_on_stripe_s_page(
    stripe_alone: RunningStripe,
    subscribe_there: SubscribeThere,
    hear: Hear,
    alice: User,
) -> None:
    row = subscribe_there(alice)
    stripe_alone.subscription().card_works = False
    stripe_alone.advance(32 * DAY_S)
    hear()
    row.refresh_from_db()
    assert row.status == "past_due"
    stripe_alone.in_loop(lambda machine: machine.new_card(stripe_alone.subscription()))
    hear()
    row.refresh_from_db()
    assert row.status == "active"
    assert Invoice.objects.count() == 2


def test_resume_begins_a_new_period(
    stripe_alone: RunningStripe,
    subscribe_there: SubscribeThere,
    hear: Hear,
    alice: User,
) -> None:
    row, made = subscribe_there(alice), stripe_alone.subscription()
    made.status = "paused"
    stripe_alone.advance(2)
    stripe_alone.in_loop(lambda machine: machine.changed(made, "paused"))
    hear()
    row.refresh_from_db()
    assert (row.status, opens_api(alice)) == ("paused", False)
    acting.resume(row)
    assert (row.status, opens_api(alice)) == ("active", True)


def test_what_is_not_done_here_is_said(
    stripe_alone: RunningStripe, subscribe_there: SubscribeThere, alice: User
) -> None:
    row = subscribe_there(alice)
    for act in (
        lambda: acting.pause(row),
        lambda: acting.change(row, TWO_AND_ONE),
        lambda: acting.preview(row, TWO_AND_ONE),
        lambda: acting.payment_method(row),
    ):
        with pytest.raises(NotPossible):
            act()


def test_portal_is_asked_for_each_time(
    stripe_alone: RunningStripe, subscribe_there: SubscribeThere, alice: User
) -> None:
    row = subscribe_there(alice)
    first = acting.portal(row, "http://localhost/back", card_only=False)
    second = acting.portal(row, "http://localhost/back", card_only=True)
    assert first != second
    flows = [flow for _, _, flow in stripe_alone.machine.portals.values()]
    assert flows == ["", "payment_method_update"]


def test_reconciling_repairs_what_was_lost(
    stripe_alone: RunningStripe, subscribe_there: SubscribeThere, alice: User
) -> None:
    row = subscribe_there(alice)
    stripe_alone.advance(2)
    stripe_alone.in_loop(
        lambda machine: machine.end_with_period(stripe_alone.subscription(), ends=True)
    )
    assert reconciling.reconcile(timezone.now()) == reconciling.Outcome(1, 1)
    row.refresh_from_db()
    assert row.scheduled_action == "cancel"


def test_long_lists_are_read_to_their_end(
    stripe_alone: RunningStripe, subscribe_there: SubscribeThere, alice: User
) -> None:
    subscribe_there(alice)
    first = stripe_alone.subscription()
    stripe_alone.in_loop(
        lambda machine: [
            machine.begin(first.customer_id, first.items, "usd") for _ in range(210)
        ]
    )
    assert reconciling.reconcile(timezone.now()).read == 211


def test_deletion_cancels_at_once(
    stripe_alone: RunningStripe, subscribe_there: SubscribeThere, alice: User
) -> None:
    subscribe_there(alice)
    assert cancelling.cancel_for_deletion(alice) == 1
    assert stripe_alone.subscription().status == "canceled"
    assert cancelling.cancel_for_deletion(alice) == 0


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"status": 503}, ProviderAway),
        ({"status": 429, "retry_after_s": 7}, ProviderBusy),
        ({"status": 429}, ProviderBusy),
        ({"status": 400}, ProviderRefused),
        ({"status": 401}, ProviderRefused),
        ({"is_lost": True}, ProviderAway),
    ],
)
def test_each_failure_has_its_error(
    stripe_alone: RunningStripe,
    subscribe_there: SubscribeThere,
    alice: User,
    how: dict[str, int],
    error: type[Exception],
) -> None:
    row = subscribe_there(alice)
    stripe_alone.fault("POST", "/v1/subscriptions/.*", **how)
    with pytest.raises(error) as raised:
        acting.cancel(row)
    if isinstance(raised.value, ProviderBusy):
        assert raised.value.retry_after_s == how.get("retry_after_s", 60)
    if isinstance(raised.value, ProviderRefused):
        assert raised.value.status == how["status"]


def test_nobody_there_is_no_answer(
    stripe_alone: RunningStripe, settings: object
) -> None:
    settings.STRIPE_API_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    with pytest.raises(ProviderAway):
        providers.stripe().subscription("sub_1")


def test_key_and_secrets_are_never_shown(stripe_alone: RunningStripe) -> None:
    shown = repr(providers.stripe())
    assert "sk_test" not in shown
    assert "whsec" not in shown


def test_forged_notification_is_refused(
    stripe_alone: RunningStripe, subscribe_there: SubscribeThere, alice: User
) -> None:
    subscribe_there(alice)
    stripe_alone.desk.sender.secrets = ("whsec_other",)
    assert post(stripe_alone, stripe_alone.notifications[-1]) == 400
    stripe_alone.desk.sender.secrets = ("whsec_simulatedsimulatedsimulated",)
    assert post(stripe_alone, stripe_alone.notifications[-1]) == 200


def test_event_that_is_not_used_is_kept_without_its_content(
    stripe_alone: RunningStripe, hear: Hear
) -> None:
    now = datetime.now(UTC)
    sender = stripe_alone.desk.sender
    stripe_alone.do(lambda: sender.tell("customer.updated", now, {"id": "cus_1"}))
    stripe_alone.do(lambda: sender.tell("entitlements.x", now, {"email": "a@b.c"}))
    assert hear() == [200, 200]
    assert list(ProviderEvent.objects.values_list("outcome", "body")) == [
        ("ignored", {}),
        ("ignored", {}),
    ]


def test_subscription_of_nobody_is_told_to_the_owner(
    stripe_alone: RunningStripe, hear: Hear, alice: User
) -> None:
    price = next(iter(stripe_alone.machine.prices.values()))
    stripe_alone.in_loop(lambda machine: machine.begin("cus_x", [(price, 1)], "usd"))
    hear()
    assert not Subscription.objects.exists()
    assert "unknown_subject" in Alert.objects.values_list("code", flat=True)


def test_subscription_beside_paddle_counts_too(
    stripe: RunningStripe, subscribe_there: SubscribeThere, alice: User
) -> None:
    subscribe_there(alice)
    assert providers.names() == ("paddle", "stripe")
    assert opens_api(alice) is True
    with pytest.raises(AlreadySubscribed):
        checkouts.begin(alice, "paddle", TWO_AND_ONE)


def test_end_of_dunning_ends_it(
    stripe_alone: RunningStripe,
    subscribe_there: SubscribeThere,
    hear: Hear,
    alice: User,
) -> None:
    row = subscribe_there(alice)
    stripe_alone.subscription().card_works = False
    stripe_alone.advance(timedelta(days=60).total_seconds())
    stripe_alone.advance(timedelta(days=30).total_seconds())
    hear()
    row.refresh_from_db()
    assert row.status == "canceled"


def test_one_provider_that_is_away_does_not_hold_up_the_other(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    alice: User,
) -> None:
    row = subscribe_there(alice)
    stripe.advance(2)
    made = stripe.subscription()
    stripe.do(partial(stripe.machine.end_with_period, made, ends=True))
    paddle.fault("GET", "/prices/.*")
    with pytest.raises(ProviderAway):
        reconciling.reconcile(timezone.now())
    row.refresh_from_db()
    assert row.scheduled_action == "cancel"
    CatalogPrice.objects.all().delete()
    paddle.fault("GET", "/prices/.*")
    tasks.sweep()
    assert set(CatalogPrice.objects.values_list("provider", flat=True)) == {"stripe"}


def test_invoice_that_was_noted_without_its_number_gets_it(
    stripe_alone: RunningStripe, hear: Hear, alice: User
) -> None:
    checkout = checkouts.begin(alice, "stripe", TWO_AND_ONE)
    stripe_alone.pay(checkout.transaction_id)
    told = {one.event_type: one for one in stripe_alone.notifications}
    hear(told["checkout.session.completed"])
    assert Invoice.objects.get().number == ""
    hear(told["invoice.paid"])
    assert Invoice.objects.get().number == "SIM-0001"


def test_collection_that_was_paused_goes_on_without_a_charge(
    stripe_alone: RunningStripe, subscribe_there: SubscribeThere, alice: User
) -> None:
    row, made = subscribe_there(alice), stripe_alone.subscription()
    made.collects = False
    stripe_alone.advance(2)
    reconciling.reconcile(timezone.now())
    row.refresh_from_db()
    assert (row.status, row.next_billed_at) == ("paused", None)
    acting.resume(row)
    assert (row.status, made.collects) == ("active", True)
    assert len(stripe_alone.machine.invoices) == 1


def test_checkout_is_given_up_once(stripe_alone: RunningStripe, alice: User) -> None:
    checkout = checkouts.begin(alice, "stripe", TWO_AND_ONE)
    assert checkouts.close(checkout) is True
    session = stripe_alone.machine.sessions[checkout.transaction_id]
    assert session.status == "expired"
    assert checkouts.close(checkout) is True
    Checkout.objects.update(state="completed")
    assert checkouts.close(checkout) is False


def test_checkout_that_was_closed_there_is_closed_here(
    stripe_alone: RunningStripe, alice: User
) -> None:
    checkout = checkouts.begin(alice, "stripe", TWO_AND_ONE)
    stripe_alone.machine.sessions[checkout.transaction_id].status = "expired"
    assert checkouts.close(checkout) is True
    assert Checkout.objects.get().state == "closed"
    Checkout.objects.update(state="open", transaction_id="")
    assert checkouts.close(checkout) is True


def test_answer_that_is_no_subscription_is_no_answer() -> None:
    told = Told({"id": "cus_1"}, datetime.now(UTC))
    with pytest.raises(ProviderAway):
        snapshot_of(told)


def test_answer_without_a_date_is_of_now() -> None:
    before = datetime.now(UTC)
    assert before <= moment_of({}) <= datetime.now(UTC)
