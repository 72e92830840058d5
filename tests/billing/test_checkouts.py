"""A checkout is opened once, whatever is clicked and whoever is away."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from billing import tasks
from billing.errors import (
    AlreadySubscribed,
    BeingDone,
    BillingError,
    ProviderAway,
    ProviderRefused,
    UnknownPlan,
)
from billing.models import (
    Alert,
    CatalogPrice,
    Checkout,
    Customer,
    Invoice,
    Subscription,
)
from billing.plans import Selection
from billing.policy import Capability
from billing.services import checkouts, entitlements, reconciling
from simulator.paddle.testing import RunningPaddle
from tests.fixtures.billing import TWO_AND_ONE, Deliver, Subscribe

pytestmark = pytest.mark.django_db
EURO = Selection("EUR", "year", 1, 0)


def test_transaction_is_made_by_us_with_our_prices(
    paddle: RunningPaddle, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    made = paddle.machine.transactions[checkout.transaction_id]
    assert made.total == 2 * 250 + 150
    assert made.custom_data == {"checkout": str(checkout.pk)}
    assert Customer.objects.get().external_id == made.customer_id
    assert "alice@example.com" not in str(made.entity())


def test_second_click_finds_the_same_transaction(
    paddle: RunningPaddle, alice: User
) -> None:
    first = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    second = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    assert (first.pk, first.transaction_id) == (second.pk, second.transaction_id)
    assert paddle.calls("POST", "/transactions") == 1
    assert paddle.calls("POST", "/customers") == 1


def test_other_selection_goes_into_the_same_transaction(
    paddle: RunningPaddle, alice: User
) -> None:
    first = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    second = checkouts.begin(alice, "paddle", EURO)
    assert first.transaction_id == second.transaction_id
    made = paddle.machine.transactions[first.transaction_id]
    assert (made.currency, made.total) == ("EUR", 2300)
    assert Checkout.objects.get().selection == EURO


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_at_once_make_one_transaction(
    paddle: RunningPaddle, alice: User
) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(10)

    def click() -> None:
        start.wait(10)
        try:
            outcomes.append(
                checkouts.begin(alice, "paddle", TWO_AND_ONE).transaction_id
            )
        except BeingDone:
            outcomes.append("being done")
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(10)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join(30)
    assert len(outcomes) == 10
    assert paddle.calls("POST", "/transactions") == 1
    assert len(paddle.machine.transactions) == 1
    (transaction_id,) = paddle.machine.transactions
    assert set(outcomes) - {"being done"} == {transaction_id}
    assert Checkout.objects.get().lease_until is None


def test_answer_that_is_lost_makes_no_second_transaction(
    paddle: RunningPaddle, alice: User
) -> None:
    paddle.fault("POST", "/transactions", is_lost=True)
    with pytest.raises(ProviderAway):
        checkouts.begin(alice, "paddle", TWO_AND_ONE)
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    assert paddle.calls("POST", "/transactions") == 1
    assert [*paddle.machine.transactions] == [checkout.transaction_id]


def test_answer_that_is_lost_is_looked_for_without_a_customer(
    paddle: RunningPaddle, alice: User
) -> None:
    User.objects.update(email=None)
    alice.refresh_from_db()
    paddle.fault("POST", "/transactions", is_lost=True)
    with pytest.raises(ProviderAway):
        checkouts.begin(alice, "paddle", TWO_AND_ONE)
    checkouts.begin(alice, "paddle", EURO)
    assert len(paddle.machine.transactions) == 1
    assert Checkout.objects.get().selection == EURO


def test_request_that_never_arrived_is_made_again(
    paddle: RunningPaddle, alice: User
) -> None:
    paddle.fault("POST", "/transactions", status=500)
    with pytest.raises(ProviderAway):
        checkouts.begin(alice, "paddle", TWO_AND_ONE)
    checkouts.begin(alice, "paddle", TWO_AND_ONE)
    assert len(paddle.machine.transactions) == 1


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/customers"), ("POST", "/transactions")]
)
def test_provider_that_is_down_at_any_step_can_be_asked_again(
    paddle: RunningPaddle, alice: User, method: str, path: str
) -> None:
    paddle.fault(method, path, status=503)
    with pytest.raises(BillingError):
        checkouts.begin(alice, "paddle", TWO_AND_ONE)
    assert Checkout.objects.get().lease_until is None
    checkouts.begin(alice, "paddle", TWO_AND_ONE)
    assert len(paddle.machine.transactions) == len(paddle.machine.customers) == 1


def test_provider_that_is_down_for_a_change_of_mind_can_be_asked_again(
    paddle: RunningPaddle, alice: User
) -> None:
    checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.fault("PATCH", "/transactions/.*", status=503)
    with pytest.raises(ProviderAway):
        checkouts.begin(alice, "paddle", EURO)
    assert Checkout.objects.get().selection == TWO_AND_ONE
    checkouts.begin(alice, "paddle", EURO)
    assert Checkout.objects.get().selection == EURO


def test_customer_made_by_a_lost_answer_is_found(
    paddle: RunningPaddle, alice: User
) -> None:
    paddle.fault("POST", "/customers", is_lost=True)
    with pytest.raises(ProviderAway):
        checkouts.begin(alice, "paddle", TWO_AND_ONE)
    checkouts.begin(alice, "paddle", TWO_AND_ONE)
    assert len(paddle.machine.customers) == 1
    assert Customer.objects.get().external_id in paddle.machine.customers


def test_customer_of_another_user_is_not_taken_over(
    paddle: RunningPaddle, alice: User, charlie: User
) -> None:
    checkouts.begin(alice, "paddle", TWO_AND_ONE)
    email = alice.email
    User.objects.filter(pk=alice.pk).update(email="new@example.com")
    User.objects.filter(pk=charlie.pk).update(email=email)
    charlie.refresh_from_db()
    checkout = checkouts.begin(charlie, "paddle", TWO_AND_ONE)
    assert paddle.machine.transactions[checkout.transaction_id].customer_id is None
    assert Customer.objects.get().user == alice


def test_customer_that_cannot_be_found_is_an_error(
    paddle: RunningPaddle, alice: User
) -> None:
    checkouts.begin(alice, "paddle", TWO_AND_ONE)
    Customer.objects.all().delete()
    Checkout.objects.all().delete()
    paddle.fault("POST", "/customers", status=409)
    with pytest.raises(ProviderRefused):
        checkouts.begin(alice, "paddle", TWO_AND_ONE)


def test_subscriber_begins_no_second_subscription(
    paddle: RunningPaddle, subscribe: Subscribe, alice: User
) -> None:
    subscribe(alice)
    with pytest.raises(AlreadySubscribed):
        checkouts.begin(alice, "paddle", TWO_AND_ONE)


@pytest.mark.parametrize(
    "selection",
    [Selection("SEK", "month", 1, 0), Selection("USD", "month", 0, 0)],
)
def test_selection_without_a_price_asks_nobody(
    paddle: RunningPaddle, alice: User, selection: Selection
) -> None:
    with pytest.raises(UnknownPlan):
        checkouts.begin(alice, "paddle", selection)
    assert paddle.desk.calls == []
    assert Checkout.objects.count() == 0


def test_payment_is_confirmed_without_any_notification(
    paddle: RunningPaddle, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    tasks.confirm_checkout(str(checkout.pk))
    assert Subscription.objects.count() == 0
    paddle.pay(checkout.transaction_id)
    tasks.confirm_checkout(str(checkout.pk))
    tasks.confirm_checkout(str(checkout.pk))
    assert Subscription.objects.get().user == alice
    assert Checkout.objects.get().state == "completed"
    assert Invoice.objects.count() == 1


def test_confirmation_waits_while_the_provider_is_away(
    paddle: RunningPaddle, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    paddle.fault("GET", "/transactions/.*", status=502)
    tasks.confirm_checkout(str(checkout.pk))
    assert Subscription.objects.count() == 0
    tasks.confirm_checkout(str(checkout.pk))
    assert Subscription.objects.count() == 1


def test_sweep_confirms_what_was_paid_unheard(
    paddle: RunningPaddle, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    tasks.sweep()
    assert Subscription.objects.count() == 0
    Checkout.objects.update(opened_at=timezone.now() - timedelta(minutes=3))
    paddle.fault("GET", "/transactions/.*", status=502)
    assert checkouts.confirm_open(timezone.now()) == 0
    assert checkouts.confirm_open(timezone.now()) == 0
    assert checkouts.confirm_open(timezone.now() + timedelta(minutes=3)) == 1
    assert Subscription.objects.get().user == alice


@pytest.fixture
def paid_unknown(paddle: RunningPaddle, deliver: Deliver, alice: User) -> Checkout:
    """Return a checkout whose payment is known, while its subscription is not."""
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    told = [one.event_type for one in paddle.notifications]
    deliver(paddle.notifications[told.index("transaction.completed")])
    checkout.refresh_from_db()
    return checkout


def test_payment_alone_completes_no_checkout(
    paddle: RunningPaddle, paid_unknown: Checkout, alice: User
) -> None:
    (made,) = paddle.machine.subscriptions
    assert (paid_unknown.state, paid_unknown.subscription_id) == ("open", made)
    with pytest.raises(AlreadySubscribed):
        checkouts.begin(alice, "paddle", TWO_AND_ONE)
    assert checkouts.close(paid_unknown) is False
    assert len(paddle.machine.transactions) == 1
    assert checkouts.confirm_open(timezone.now() + timedelta(minutes=3)) == 1
    assert entitlements.allows(alice.pk, Capability.API) is True
    assert Checkout.objects.get().state == "completed"


def test_payment_leads_to_the_owner_of_a_subscription_that_says_nothing(
    paddle: RunningPaddle, paid_unknown: Checkout, alice: User
) -> None:
    Customer.objects.all().delete()
    paddle.subscription().custom_data = None
    tasks.confirm_checkout(str(paid_unknown.pk))
    assert Subscription.objects.get().user == alice
    assert Checkout.objects.get().state == "completed"


def test_paid_checkout_is_never_given_up_but_told_to_the_owner(
    paddle: RunningPaddle, paid_unknown: Checkout, alice: User
) -> None:
    paddle.fault("GET", "/transactions/.*", status=502)
    assert checkouts.confirm_open(timezone.now() + timedelta(days=4)) == 0
    assert Checkout.objects.get().state == "open"
    assert Alert.objects.get().subject == paid_unknown.subscription_id
    with pytest.raises(AlreadySubscribed):
        checkouts.begin(alice, "paddle", TWO_AND_ONE)
    assert checkouts.confirm_open(timezone.now() + timedelta(days=5)) == 1
    assert Alert.objects.filter(settled_at=None).count() == 0


def test_checkout_that_breaks_keeps_no_other_waiting(
    paddle: RunningPaddle, alice: User, charlie: User
) -> None:
    for user in (alice, charlie):
        paddle.pay(checkouts.begin(user, "paddle", TWO_AND_ONE).transaction_id)
    broken = next(iter(paddle.machine.subscriptions.values()))
    price, quantity = broken.items[0]
    broken.items[0] = (price, 3_000_000_000)
    assert checkouts.confirm_open(timezone.now() + timedelta(minutes=3)) == 1
    assert Subscription.objects.get().user == charlie
    assert reconciling.reconcile(timezone.now()).read == 2
    broken.items[0] = (price, quantity)
    assert reconciling.reconcile(timezone.now()).repaired == 1


def test_checkout_that_nobody_pays_is_closed_after_days(
    paddle: RunningPaddle, alice: User
) -> None:
    first = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    Checkout.objects.update(opened_at=timezone.now() - timedelta(days=4))
    paddle.fault("PATCH", "/transactions/.*", status=503)
    tasks.sweep()
    assert Checkout.objects.get().state == "open"
    tasks.sweep()
    assert Checkout.objects.get().state == "closed"
    assert paddle.machine.transactions[first.transaction_id].status == "canceled"
    assert checkouts.current(alice) is None
    second = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    assert second.transaction_id != first.transaction_id


def test_sweep_reads_missing_prices(paddle: RunningPaddle) -> None:
    CatalogPrice.objects.all().delete()
    paddle.fault("GET", "/prices/.*", status=502)
    tasks.sweep()
    assert CatalogPrice.objects.count() == 0
    tasks.sweep()
    assert CatalogPrice.objects.count() == 16
