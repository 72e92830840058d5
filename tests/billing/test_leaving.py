"""Who leaves is charged no more, and forgotten but for what was paid."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing.errors import BeingDone, ProviderAway
from billing.models import (
    Alert,
    Checkout,
    Customer,
    Forgotten,
    Invoice,
    ProviderEvent,
    Subscription,
)
from billing.services import checkouts, events
from billing.services.cancelling import cancel_for_deletion
from billing.services.exporting import exports
from billing.services.forgetting import forget
from simulator.paddle.testing import RunningPaddle
from tests.fixtures.billing import TWO_AND_ONE, Deliver, Subscribe

pytestmark = pytest.mark.django_db


def test_deletion_cancels_at_once_and_forgets_all_but_invoices(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User, charlie: User
) -> None:
    subscribe(alice)
    subscribe(charlie)
    (hers,) = Invoice.objects.filter(user=alice)
    assert cancel_for_deletion(alice) == 1
    assert cancel_for_deletion(alice) == 0
    statuses = sorted(one.status for one in paddle.machine.subscriptions.values())
    assert statuses == ["active", "canceled"]
    counts = forget(alice)
    assert counts["subscriptions"] == counts["customers"] == counts["checkouts"] == 1
    assert counts["provider events"] >= 2
    assert set(forget(alice).values()) == {0}
    hers.refresh_from_db()
    assert (hers.user, str(hers.total)) == (None, "6.50 USD")
    for model in (Subscription, Customer, Checkout):
        assert model.objects.get().user == charlie
    assert not ProviderEvent.objects.filter(user=alice).exists()


def test_scheduled_end_is_brought_forward(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    row = subscribe(alice)
    Subscription.objects.update(scheduled_action="cancel")
    assert cancel_for_deletion(alice) == 1
    row.refresh_from_db()
    assert row.status == "canceled"


def test_open_checkout_is_closed_at_the_provider_too(
    paddle: RunningPaddle, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    assert cancel_for_deletion(alice) == 0
    assert Checkout.objects.get().state == "closed"
    made = paddle.machine.transactions[checkout.transaction_id]
    assert made.status == "canceled"
    assert cancel_for_deletion(alice) == 0
    assert Alert.objects.count() == 0


@pytest.mark.parametrize("is_told", [True, False])
def test_subscription_that_is_not_known_yet_is_canceled(
    paddle: RunningPaddle, deliver: Deliver, alice: User, *, is_told: bool
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    if is_told:
        told = [one.event_type for one in paddle.notifications]
        deliver(paddle.notifications[told.index("transaction.completed")])
    assert cancel_for_deletion(alice) == 1
    assert paddle.subscription().status == "canceled"
    assert Alert.objects.count() == 0


def test_payment_that_is_under_way_is_waited_for(
    paddle: RunningPaddle, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.machine.transactions[checkout.transaction_id].status = "paid"
    with pytest.raises(BeingDone):
        cancel_for_deletion(alice)
    assert Checkout.objects.get().state == "open"


def test_checkout_is_asked_about_again_while_the_provider_is_away(
    paddle: RunningPaddle, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    paddle.fault("GET", "/subscriptions/.*", status=503)
    with pytest.raises(ProviderAway):
        cancel_for_deletion(alice)
    assert cancel_for_deletion(alice) == 1


def test_payment_for_somebody_elses_customer_is_told_to_the_owner(
    paddle: RunningPaddle, alice: User, charlie: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    Customer.objects.update(user=charlie)
    assert cancel_for_deletion(alice) == 0
    (made,) = paddle.machine.subscriptions
    assert Alert.objects.filter(code="not_canceled").get().subject == made
    assert Checkout.objects.get().state == "closed"


def test_paid_checkout_of_a_provider_that_was_switched_off_is_told_to_the_owner(
    paddle: RunningPaddle, deliver: Deliver, alice: User, settings: Settings
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    told = [one.event_type for one in paddle.notifications]
    deliver(paddle.notifications[told.index("transaction.completed")])
    settings.BILLING_PROVIDER = "none"
    assert cancel_for_deletion(alice) == 0
    (made,) = paddle.machine.subscriptions
    assert Alert.objects.get().subject == made


def test_provider_that_is_away_is_asked_again(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    subscribe(alice)
    paddle.fault("POST", ".*/cancel", status=503)
    with pytest.raises(ProviderAway):
        cancel_for_deletion(alice)
    assert cancel_for_deletion(alice) == 1


def test_refusal_is_told_to_the_owner(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    row = subscribe(alice)
    paddle.in_loop(lambda machine: machine.cancel(paddle.subscription()))
    assert cancel_for_deletion(alice) == 0
    assert Alert.objects.get().subject == row.external_id
    assert Alert.objects.get().code == "not_canceled"


def test_provider_that_was_switched_off_is_told_to_the_owner(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User, settings: Settings
) -> None:
    subscribe(alice)
    settings.BILLING_PROVIDER = "none"
    assert cancel_for_deletion(alice) == 0
    assert Alert.objects.get().code == "not_canceled"


def test_late_news_of_who_left_are_not_kept(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    subscribe(alice)
    (transaction,) = paddle.machine.transactions.values()
    cancel_for_deletion(alice)
    forget(alice)
    assert not ProviderEvent.objects.filter(subject=transaction.id).exists()
    paddle.refund(transaction)
    deliver()
    late = ProviderEvent.objects.exclude(body={})
    assert [one.event_type for one in late] == []
    assert {*ProviderEvent.objects.values_list("outcome", flat=True)} == {"ignored"}
    assert Alert.objects.count() == 0
    assert Subscription.objects.count() == 0


def test_payment_of_who_left_long_ago_is_told_to_the_owner(
    paddle: RunningPaddle, subscribe: Subscribe, deliver: Deliver, alice: User
) -> None:
    subscribe(alice)
    forget(alice)
    paddle.advance(32 * 86_400)
    deliver()
    assert Alert.objects.get().code == "not_canceled"
    assert not ProviderEvent.objects.exclude(body={}).exists()
    assert Forgotten.objects.count() > 0
    events.forget_old(timezone.now() + timedelta(days=401))
    assert Forgotten.objects.count() == 0


def test_export_hands_out_what_is_kept(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User, charlie: User
) -> None:
    row = subscribe(alice)
    sheets = {one.name: one for one in exports(alice)}
    assert [*sheets] == ["subscriptions", "invoices", "checkouts", "moves"]
    (subscription,) = sheets["subscriptions"].rows
    named = dict(zip(sheets["subscriptions"].columns, subscription, strict=True))
    assert (named["external_id"], named["vehicles"]) == (row.external_id, 2)
    (invoice,) = sheets["invoices"].rows
    assert dict(zip(sheets["invoices"].columns, invoice, strict=True))["minor"] == 650
    assert len([*sheets["checkouts"].rows]) == 1
    assert [[*one.rows] for one in exports(charlie)] == [[], [], [], []]
