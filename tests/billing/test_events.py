"""News of a provider are applied once, in the order in which they occurred."""

import itertools
import json
import random
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import Value
from django.db.models.functions import Concat
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing.models import (
    Alert,
    CatalogPrice,
    Checkout,
    Customer,
    Invoice,
    ProviderEvent,
    Subscription,
)
from billing.policy import Capability
from billing.services import acting, catalog, checkouts, entitlements, events, providers
from simulator.mailing import Notification
from simulator.paddle.testing import RunningPaddle
from tests.fixtures.billing import TWO_AND_ONE, Deliver, Subscribe

pytestmark = pytest.mark.django_db


def altered(one: Notification, **data: Any) -> Notification:
    """Return a notification with other content and an id of its own."""
    body = json.loads(one.body)
    body["data"] |= data
    body["event_id"] = f"{one.event_id[:-4]}{random.randrange(1000, 9999)}"
    return Notification(
        body["event_id"],
        one.event_type,
        one.occurred_at,
        json.dumps(body).encode(),
        body["data"],
    )


def told(paddle: RunningPaddle, event_type: str) -> Notification:
    return next(one for one in paddle.notifications if one.event_type == event_type)


def outcome_of(one: Notification) -> str:
    return ProviderEvent.objects.get(event_id=one.event_id).outcome


def opens_api(user: User) -> bool:
    return entitlements.allows(user.pk, Capability.API)


def open_alerts() -> list[str]:
    return sorted(Alert.objects.filter(settled_at=None).values_list("code", flat=True))


def test_paid_checkout_opens_the_api(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User, charlie: User
) -> None:
    assert opens_api(alice) is False
    row = subscribe(alice)
    assert (row.user, row.status, row.vehicles, row.sites) == (alice, "active", 2, 1)
    assert (row.currency, row.cycle) == ("USD", "month")
    assert opens_api(alice) is True
    assert opens_api(charlie) is False
    invoice = Invoice.objects.get()
    assert (invoice.user, str(invoice.total)) == (alice, "6.50 USD")
    assert Checkout.objects.get().state == "completed"
    assert open_alerts() == []


def test_same_event_five_times_has_one_effect(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    subscribe(alice)
    before = Subscription.objects.values().get()
    for _ in range(5):
        deliver()
    assert Subscription.objects.values().get() == before
    assert (Invoice.objects.count(), Customer.objects.count()) == (1, 1)


def test_every_order_of_arrival_ends_alike(
    paddle: RunningPaddle, deliver: Deliver, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    wanted = {"subscription.created", "subscription.activated", "transaction.completed"}
    news = [one for one in paddle.notifications if one.event_type in wanted]
    assert len(news) == 3
    ends = set()
    for order in itertools.permutations(news):
        for model in (ProviderEvent, Subscription, Invoice, Customer):
            model.objects.all().delete()
        Customer.objects.create(
            user=alice,
            provider="paddle",
            external_id=paddle.subscription().customer_id,
        )
        for one in order:
            deliver(one)
        row = Subscription.objects.get()
        ends.add((row.user_id, row.status, row.vehicles, row.occurred_at))
        assert Invoice.objects.count() == 1
    assert len(ends) == 1


def test_news_before_their_owner_is_known_are_applied_afterwards(
    paddle: RunningPaddle, deliver: Deliver, alice: User
) -> None:
    alice.email = None
    alice.save(update_fields=["email"])
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    transaction = paddle.machine.transactions[checkout.transaction_id]
    assert transaction.customer_id is None
    transaction.customer_id = "ctm_01buyer00000000000000000"
    paddle.pay(checkout.transaction_id)
    created = told(paddle, "subscription.created")
    activated = told(paddle, "subscription.activated")
    deliver(activated)
    assert outcome_of(activated) == "unknown"
    assert open_alerts() == ["unknown_subject"]
    deliver(created)
    events.apply_due()
    assert outcome_of(activated) == "applied"
    row = Subscription.objects.get()
    assert (row.user, row.occurred_at) == (alice, activated.occurred_at)
    assert open_alerts() == []


def test_end_is_not_undone_by_older_news(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    paddle.in_loop(lambda machine: machine.changed(paddle.subscription()))
    older = paddle.notifications[-1]
    paddle.in_loop(lambda machine: machine.cancel(paddle.subscription()))
    newer = paddle.notifications[-1]
    deliver(newer)
    deliver(older)
    row.refresh_from_db()
    assert (row.status, outcome_of(older)) == ("canceled", "stale")


def test_end_is_final_even_for_newer_news(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    paddle.in_loop(lambda machine: machine.cancel(paddle.subscription()))
    deliver(paddle.notifications[-1])
    paddle.in_loop(lambda machine: machine.changed(paddle.subscription()))
    revived = altered(paddle.notifications[-1], status="active")
    deliver(revived)
    row.refresh_from_db()
    assert (row.status, outcome_of(revived)) == ("canceled", "stale")


def test_news_of_nobody_are_kept_and_told_to_the_owner(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    subscribe(alice)
    strange = altered(
        told(paddle, "subscription.activated"),
        id="sub_01strange0000000000000000",
        customer_id="ctm_01strange0000000000000000",
        custom_data=None,
    )
    deliver(strange)
    assert outcome_of(strange) == "unknown"
    assert Subscription.objects.count() == 1
    assert open_alerts() == ["unknown_subject"]


def test_checkout_of_another_user_in_custom_data_is_not_believed(
    paddle: RunningPaddle,
    subscribe: Subscribe,
    deliver: Deliver,
    alice: User,
    charlie: User,
) -> None:
    subscribe(alice)
    wanted = checkouts.begin(charlie, "paddle", TWO_AND_ONE)
    forged = altered(
        told(paddle, "subscription.activated"),
        id="sub_01forged00000000000000000",
        custom_data={"checkout": str(wanted.pk)},
    )
    deliver(forged)
    assert opens_api(charlie) is False
    assert Checkout.objects.get(pk=wanted.pk).state == "open"
    assert Subscription.objects.filter(user=charlie).count() == 0
    assert "foreign_claim" in open_alerts()


def test_custom_data_alone_proves_nothing(
    paddle: RunningPaddle,
    subscribe: Subscribe,
    deliver: Deliver,
    alice: User,
    charlie: User,
) -> None:
    subscribe(alice)
    wanted = checkouts.begin(charlie, "paddle", TWO_AND_ONE)
    forged = altered(
        told(paddle, "subscription.activated"),
        id="sub_01forged00000000000000000",
        customer_id="ctm_01strange0000000000000000",
        custom_data={"checkout": str(wanted.pk)},
    )
    deliver(forged)
    assert (outcome_of(forged), opens_api(charlie)) == ("unknown", False)
    assert open_alerts() == ["unknown_subject"]


def test_transaction_of_one_and_customer_of_another_open_nothing(
    paddle: RunningPaddle,
    subscribe: Subscribe,
    deliver: Deliver,
    alice: User,
    charlie: User,
) -> None:
    subscribe(alice)
    wanted = checkouts.begin(charlie, "paddle", TWO_AND_ONE)
    odd = altered(
        told(paddle, "subscription.created"),
        id="sub_01odd00000000000000000000",
        transaction_id=wanted.transaction_id,
        custom_data=None,
    )
    deliver(odd)
    assert (outcome_of(odd), opens_api(charlie)) == ("unknown", False)
    assert "foreign_claim" in open_alerts()


def test_payment_that_names_a_foreign_checkout_is_told_to_the_owner(
    paddle: RunningPaddle,
    subscribe: Subscribe,
    deliver: Deliver,
    alice: User,
    charlie: User,
) -> None:
    subscribe(alice)
    wanted = checkouts.begin(charlie, "paddle", TWO_AND_ONE)
    odd = altered(
        told(paddle, "transaction.completed"),
        id="txn_01odd00000000000000000000",
        custom_data={"checkout": str(wanted.pk)},
    )
    deliver(odd)
    assert (
        Invoice.objects.get(transaction_id="txn_01odd00000000000000000000").user
        == alice
    )
    assert open_alerts() == ["foreign_claim"]


def test_news_waits_until_prices_are_known(
    paddle: RunningPaddle, deliver: Deliver, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    CatalogPrice.objects.all().delete()
    fault = paddle.fault("GET", "/.*", status=503, times=100)
    deliver()
    assert Subscription.objects.count() == 0
    fault.times = 0
    events.apply_due()
    row = Subscription.objects.get()
    assert (row.status, row.vehicles, row.sites) == ("active", 2, 1)
    assert open_alerts() == []


def test_price_that_is_not_ours_opens_nothing(
    paddle: RunningPaddle, deliver: Deliver, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    CatalogPrice.objects.update(external_id=Concat(Value("other_"), "external_id"))
    paddle.pay(checkout.transaction_id)
    deliver()
    row = Subscription.objects.get()
    assert (row.status, row.vehicles, row.sites) == ("active", 0, 0)
    assert opens_api(alice) is False
    assert "foreign_price" in open_alerts()


def test_price_that_is_sold_no_more_still_opens(
    paddle: RunningPaddle,
    subscribe: Subscribe,
    deliver: Deliver,
    settings: Settings,
    alice: User,
) -> None:
    row = subscribe(alice)
    (old,) = settings.PADDLE_PRICES["vehicle", "month"]
    dearer = f"{old[:-3]}new"
    paddle.machine.prices[dearer] = paddle.machine.prices[old] | {"id": dearer}
    settings.PADDLE_PRICES = settings.PADDLE_PRICES | {
        ("vehicle", "month"): (dearer, old)
    }
    catalog.refresh("paddle", providers.paddle(), timezone.now())
    paddle.in_loop(lambda machine: machine.changed(paddle.subscription()))
    deliver()
    row.refresh_from_db()
    assert (row.vehicles, opens_api(alice), open_alerts()) == (2, True, [])
    assert catalog.read("paddle").price("vehicle", "month", "USD").external_id == dearer


@pytest.mark.parametrize("change", [{"minor": 1}, {"currency": "SEK"}])
def test_amount_or_currency_that_is_not_ours_is_told_to_the_owner(
    paddle: RunningPaddle, deliver: Deliver, alice: User, change: dict[str, Any]
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    CatalogPrice.objects.filter(currency="USD").update(**change)
    paddle.pay(checkout.transaction_id)
    deliver()
    assert open_alerts() == ["wrong_amount", "wrong_amount"]
    assert Alert.objects.filter(subject=checkout.transaction_id).exists()


def test_paid_but_not_completed_is_pending(
    paddle: RunningPaddle, deliver: Deliver, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    paid = told(paddle, "transaction.paid")
    deliver(paid)
    assert outcome_of(paid) == "ignored"
    assert Checkout.objects.get().state == "open"
    assert opens_api(alice) is False


def test_refund_of_all_closes_once_until_the_next_payment(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    (transaction,) = paddle.machine.transactions.values()
    paddle.refund(transaction, kind="partial")
    deliver()
    assert opens_api(alice) is True
    paddle.refund(transaction)
    deliver()
    row.refresh_from_db()
    withdrawn_at = row.withdrawn_at
    assert withdrawn_at is not None
    assert opens_api(alice) is False
    paddle.refund(transaction)
    deliver()
    row.refresh_from_db()
    assert row.withdrawn_at == withdrawn_at
    assert open_alerts() == []
    paddle.advance(32 * 86_400)
    deliver()
    assert opens_api(alice) is True


def test_refund_that_is_not_approved_changes_nothing(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    subscribe(alice)
    (transaction,) = paddle.machine.transactions.values()
    paddle.refund(transaction)
    pending = altered(paddle.notifications[-1], status="pending_approval")
    deliver(pending)
    assert (outcome_of(pending), opens_api(alice)) == ("ignored", True)


def test_chargeback_closes_and_its_reversal_opens(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    subscribe(alice)
    (transaction,) = paddle.machine.transactions.values()
    paddle.refund(transaction, "chargeback")
    deliver()
    assert opens_api(alice) is False
    assert open_alerts() == ["chargeback"]
    paddle.refund(transaction, "chargeback_reverse")
    deliver()
    assert opens_api(alice) is True


def test_refund_of_nobody_is_told_to_the_owner(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    subscribe(alice)
    (transaction,) = paddle.machine.transactions.values()
    paddle.refund(transaction)
    strange = altered(paddle.notifications[-1], subscription_id="sub_01nobody")
    deliver(strange)
    assert outcome_of(strange) == "unknown"


def test_exposed_key_is_told_to_the_owner(
    paddle: RunningPaddle, deliver: Deliver
) -> None:
    paddle.expose_key()
    deliver()
    assert open_alerts() == ["key_exposed"]


def test_unknown_status_changes_nothing_and_is_kept_as_text(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    deliver(altered(told(paddle, "subscription.activated"), status="hibernating"))
    row.refresh_from_db()
    assert (row.status, row.provider_status) == ("active", "hibernating")
    assert opens_api(alice) is True


@pytest.mark.parametrize(
    "event_type", ["subscription.updated", "transaction.completed"]
)
def test_event_that_cannot_be_read_is_set_aside(
    paddle: RunningPaddle, event_type: str
) -> None:
    ProviderEvent.objects.create(
        provider="paddle",
        event_id="evt_1",
        event_type=event_type,
        occurred_at=timezone.now(),
        body={"id": "nonsense"},
    )
    assert (events.apply_due(), events.apply_due()) == (1, 0)
    assert ProviderEvent.objects.get().outcome == "failed"


def test_event_that_breaks_keeps_no_other_waiting(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    activated = told(paddle, "subscription.activated")
    items = [json.loads(json.dumps(one)) for one in activated.data["items"]]
    items[0]["quantity"] = 3_000_000_000
    broken = altered(activated, items=items)
    paddle.in_loop(lambda machine: machine.cancel(paddle.subscription()))
    assert deliver(broken, paddle.notifications[-1]) == [200, 200]
    row.refresh_from_db()
    assert (outcome_of(broken), row.status) == ("failed", "canceled")
    assert not ProviderEvent.objects.filter(processed_at=None).exists()


def test_payment_of_nobody_is_told_to_the_owner(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    subscribe(alice)
    strange = altered(
        told(paddle, "transaction.completed"),
        id="txn_01strange0000000000000000",
        subscription_id=None,
        customer_id=None,
    )
    deliver(strange)
    assert outcome_of(strange) == "unknown"


def test_second_subscription_of_one_user_is_told_to_the_owner(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    subscribe(alice)
    deliver(
        altered(
            told(paddle, "subscription.activated"), id="sub_01second00000000000000000"
        )
    )
    assert open_alerts() == ["two_subscriptions"]


def test_old_events_are_forgotten_but_none_that_waits(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    subscribe(alice)
    ProviderEvent.objects.filter(event_type="transaction.paid").update(
        processed_at=None
    )
    later = timezone.now() + timedelta(days=91)
    assert events.forget_old(timezone.now()) == 0
    assert events.forget_old(later) > 0
    assert ProviderEvent.objects.get().event_type == "transaction.paid"


def test_nothing_is_deleted_by_a_lapse(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    row = subscribe(alice)
    acting.cancel(row)
    paddle.advance(40 * 86_400)
    deliver()
    row.refresh_from_db()
    assert row.status == "canceled"
    with time_machine.travel(timezone.now() + timedelta(days=41)):
        assert opens_api(alice) is False
    assert User.objects.filter(pk=alice.pk).exists()
    assert Invoice.objects.count() == 1
