"""The pages of the subscription at Stripe, and who may see them."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing.models import Checkout, Move, Subscription
from billing.services import checkouts, moving
from simulator.paddle.testing import RunningPaddle
from simulator.stripe.testing import RunningStripe
from tests.fixtures.billing import Deliver
from tests.fixtures.stripe import TWO_AND_ONE, BeginMove, SubscribeThere, the_move

pytestmark = pytest.mark.django_db
HERE = "/console/subscription"
THERE = f"{HERE}/stripe"
FORM = {
    "country": "US",
    "currency": "USD",
    "cycle": "month",
    "vehicles": "2",
    "sites": "1",
}
BrowserOf = Callable[[User], Client]


def words_of(browser: Client, address: str = THERE) -> str:
    """Return the words of a page's main part."""
    response = browser.get(address)
    assert response.status_code == 200
    page = response.content.decode().partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_who_has_something_there_sees_it_and_others_do_not(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    client_of: BrowserOf,
    alice: User,
    charlie: User,
) -> None:
    row = subscribe_there(alice)
    browser = client_of(alice)
    words = words_of(browser)
    assert "Subscription (Stripe)" in words
    assert "Everything is open. The next payment is due" in words
    assert row.external_id in words
    assert "Move to Paddle" in words
    assert browser.get(HERE)["Location"] == THERE
    assert f'href="{THERE}"' in browser.get("/console/").content.decode()
    other = client_of(charlie)
    assert other.get(THERE).status_code == 404
    assert "Add Subscription" in words_of(other, HERE)
    for address in (f"{THERE}/{row.pk}/move", f"{THERE}/{row.pk}/at/portal"):
        assert other.get(address).status_code == 404
    assert other.post(f"{THERE}/{row.pk}/cancel").status_code == 404
    assert other.post(f"{THERE}/undo").status_code == 404
    assert stripe.subscription().ends_with_period is False


def test_each_verb_is_done_and_said(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    client_of: BrowserOf,
    alice: User,
) -> None:
    row, browser = subscribe_there(alice), client_of(alice)
    for verb, words in (
        ("cancel", "Your subscription at Stripe is canceled."),
        ("cancel", "This subscription is canceled already."),
        ("undo", "Your subscription at Stripe goes on."),
        ("resume", "This subscription is not paused."),
    ):
        assert browser.post(f"{THERE}/{row.pk}/{verb}")["Location"] == THERE
        assert words in words_of(browser)
    assert browser.post(f"{THERE}/{row.pk}/explode").status_code == 404
    assert browser.get(f"{THERE}/{row.pk}/cancel").status_code == 405


def test_ways_to_stripe_s_own_pages(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    client_of: BrowserOf,
    alice: User,
) -> None:
    row, browser = subscribe_there(alice), client_of(alice)
    for what in ("portal", "card"):
        answer = browser.get(f"{THERE}/{row.pk}/at/{what}")
        assert answer["Location"].startswith(f"{stripe.url}/portal/bps_")
        assert "no-store" in answer["Cache-Control"]
    backs = {back for _, back, _ in stripe.machine.portals.values()}
    assert backs == {f"http://localhost:8000{THERE}"}
    assert browser.get(f"{THERE}/{row.pk}/at/nowhere").status_code == 404
    stripe.fault("POST", "/v1/billing_portal/sessions", status=401)
    assert browser.get(f"{THERE}/{row.pk}/at/portal")["Location"] == THERE
    assert "does not accept this Keyfob&#x27;s key" in words_of(browser)


def test_move_is_chosen_paid_and_shown(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    client_of: BrowserOf,
    deliver: Deliver,
    alice: User,
) -> None:
    row, browser = subscribe_there(alice), client_of(alice)
    move = f"{THERE}/{row.pk}/move"
    page = browser.get(move).content.decode()
    assert re.search(r'name="vehicles" value="2"', page)
    assert browser.post(move, FORM | {"vehicles": "x"}).status_code == 400
    assert not Move.objects.exists()
    assert browser.post(move, FORM)["Location"] == f"{HERE}/checkout"
    checkout = Checkout.objects.get(purpose="move")
    words = words_of(browser, f"{HERE}/checkout?_ptxn={checkout.transaction_id}")
    assert "You pay nothing now." in words
    words = words_of(browser)
    assert "Nothing has changed yet." in words
    assert "Go on to the checkout" in words
    paddle.pay(checkout.transaction_id)
    deliver()
    moving.advance(the_move())
    words = words_of(browser)
    assert "Paddle charges from then on." in words
    assert "Undo the cancellation" not in words
    browser.post(f"{THERE}/{row.pk}/undo")
    assert "To keep it, undo the move." in words_of(browser)
    assert "Subscription (Stripe)" in words_of(browser, HERE)
    back = browser.get(f"{HERE}/confirm/{checkout.pk}")
    assert back["Location"] == HERE
    assert "is moving to Paddle" in words_of(browser, HERE)
    browser.post(f"{THERE}/undo")
    assert "You stay with Stripe." in words_of(browser)
    assert stripe.subscription().ends_with_period is False


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"state": "dated", "attempts": 2}, "It has not confirmed yet"),
        ({"state": "undoing"}, "is being ended"),
    ],
)
def test_each_state_of_a_move_is_said(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    client_of: BrowserOf,
    alice: User,
    facts: dict[str, object],
    words: str,
) -> None:
    begin_move(subscribe_there(alice))
    Move.objects.update(**facts)
    assert words in words_of(client_of(alice))


def test_refusals_of_a_move_are_said(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    begin_move: BeginMove,
    client_of: BrowserOf,
    settings: Settings,
    alice: User,
) -> None:
    row, browser = subscribe_there(alice), client_of(alice)
    move = f"{THERE}/{row.pk}/move"
    paddle.fault("POST", "/transactions")
    assert browser.post(move, FORM)["Location"] == THERE
    assert "does not answer" in words_of(browser)
    Checkout.objects.filter(purpose="move").update(
        lease_until=timezone.now() + timedelta(minutes=1)
    )
    assert browser.post(move, FORM)["Location"] == f"{HERE}/checkout"
    Move.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    browser.post(f"{THERE}/undo")
    assert "This is being done already." in words_of(browser)
    Subscription.objects.update(status="past_due")
    assert browser.get(move)["Location"] == THERE
    assert "A payment at Stripe is overdue." in words_of(browser)
    settings.BILLING_PROVIDER = "stripe"
    assert browser.get(move).status_code == 404
    settings.BILLING_PROVIDER, settings.STRIPE_API_KEY = "paddle", ""
    assert browser.get(move).status_code == 404


def test_stripe_alone_sells_on_its_own_page(
    stripe_alone: RunningStripe,
    client_of: BrowserOf,
    alice: User,
) -> None:
    browser = client_of(alice)
    assert "2.50 USD" in words_of(browser, HERE)
    browser.post(HERE, FORM)
    checkout = Checkout.objects.get()
    address = f"{HERE}/checkout?_ptxn={checkout.transaction_id}"
    response = browser.get(address)
    assert f'href="{stripe_alone.url}/pay/cs_' in response.content.decode()
    assert stripe_alone.url not in response["Content-Security-Policy"]
    assert "6.50 USD" in words_of(browser, address)
    stripe_alone.fault("GET", "/v1/checkout/sessions/.*", times=2)
    assert browser.get(address)["Location"] == HERE
    stripe_alone.desk.faults.clear()
    stripe_alone.pay(checkout.transaction_id)
    assert browser.get(address)["Location"] == f"{HERE}/confirm/{checkout.pk}"
    checkouts.confirm(checkout)
    assert browser.get(HERE)["Location"] == THERE
    words = words_of(browser)
    assert "Everything is open." in words
    assert "Move to Paddle" not in words


def test_ended_and_restarted_elsewhere(
    paddle: RunningPaddle,
    stripe: RunningStripe,
    subscribe_there: SubscribeThere,
    client_of: BrowserOf,
    alice: User,
) -> None:
    subscribe_there(alice)
    Subscription.objects.update(status="canceled")
    browser = client_of(alice)
    assert "Add Subscription" in words_of(browser, HERE)
    words = words_of(browser)
    assert "canceled" in words
    assert "Update payment details" not in words
    checkouts.begin(alice, "paddle", TWO_AND_ONE)
