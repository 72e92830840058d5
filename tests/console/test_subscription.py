"""The pages of the subscription, each state of it, and who may see them."""

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from billing.models import Alert, CatalogPrice, Checkout, Subscription
from billing.services import acting, checkouts
from console import countries
from simulator.paddle.testing import RunningPaddle
from tests.factories import make_bare_grant, make_energy_site, make_vehicle
from tests.fixtures.billing import TWO_AND_ONE, Deliver, Subscribe

pytestmark = pytest.mark.django_db
HERE = "/console/subscription"
FORM = {
    "country": "DE",
    "currency": "EUR",
    "cycle": "month",
    "vehicles": "2",
    "sites": "1",
}
BrowserOf = Callable[[User], Client]


def words_of(browser: Client, address: str = HERE, **options: str) -> str:
    """Return the words of a page's main part."""
    response = browser.get(address, headers=options or None)
    assert response.status_code == 200
    page = response.content.decode().partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.mark.parametrize("address", ["", "/change", "/checkout"])
def test_stranger_is_asked_to_sign_in(
    paddle: RunningPaddle, client: Client, address: str
) -> None:
    response = client.get(HERE + address)
    assert response["Location"] == f"/accounts/login/?next={HERE}{address}"


def test_add_shows_prices_in_dollars_and_in_the_local_currency(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User
) -> None:
    words = words_of(client_of(alice), **{"Accept-Language": "de-DE,de;q=0.9"})
    assert "Add Subscription" in words
    assert "Vehicle Monthly 2.30 EUR" in words
    assert "Vehicle Monthly 2.50 USD" in words
    assert "Local currency (EUR)" in words
    american = words_of(client_of(alice))
    assert "EUR" not in american
    assert "Local currency" not in american
    assert "380 JPY" in words_of(client_of(alice), f"{HERE}?country=JP")


def test_add_knows_what_is_owned(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User
) -> None:
    grant = make_bare_grant(alice)
    make_vehicle(grant, vin="5YJ3E1EA4PF000001")
    make_vehicle(grant, vin="5YJ3E1EA4PF000002")
    make_energy_site(grant)
    page = client_of(alice).get(HERE).content.decode()
    assert re.search(r'name="vehicles" value="2"', page)
    assert re.search(r'name="sites" value="1"', page)


def test_add_says_so_before_prices_are_known(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User
) -> None:
    CatalogPrice.objects.all().delete()
    assert "The prices are being read" in words_of(client_of(alice))


def test_subscribe_leads_to_the_checkout(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User
) -> None:
    browser = client_of(alice)
    assert browser.post(HERE, FORM)["Location"] == f"{HERE}/checkout"
    response = browser.get(f"{HERE}/checkout")
    transaction_id = Checkout.objects.get().transaction_id
    assert response["Location"] == f"{HERE}/checkout?_ptxn={transaction_id}"
    assert "Before tax 6.00 EUR" in words_of(browser, response["Location"])
    assert "A checkout is open." in words_of(browser)
    browser.post(HERE, FORM)
    assert paddle.calls("POST", "/transactions") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"vehicles": "0", "sites": "0"},
        {"vehicles": "-1"},
        {"vehicles": "101"},
        {"vehicles": "1.5"},
        {"vehicles": ""},
        {"cycle": "week"},
        {"currency": "SEK"},
        {"country": "XX"},
    ],
)
def test_odd_selection_is_refused_and_nobody_is_asked(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User, change: dict[str, str]
) -> None:
    response = client_of(alice).post(HERE, FORM | change)
    assert response.status_code == 400
    assert (paddle.desk.calls, Checkout.objects.count()) == ([], 0)


def test_browser_names_no_price(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User
) -> None:
    forged = {"price_id": "pri_mine", "amount": "1", "unit_price": "1"}
    client_of(alice).post(HERE, FORM | forged)
    (made,) = paddle.machine.transactions.values()
    assert made.total == 2 * 230 + 140


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"status": 503}, "The payment provider does not answer."),
        ({"status": 429, "retry_after_s": 9}, "Try again in 9 s."),
        ({"status": 400}, "The payment provider refused this"),
    ],
)
def test_provider_that_is_away_is_said(
    paddle: RunningPaddle,
    client_of: BrowserOf,
    alice: User,
    how: dict[str, int],
    words: str,
) -> None:
    browser = client_of(alice)
    paddle.fault("POST", "/transactions", **how)
    assert browser.post(HERE, FORM)["Location"] == HERE
    assert words in words_of(browser)
    assert browser.post(HERE, FORM)["Location"] == f"{HERE}/checkout"


def test_checkout_that_is_being_opened_is_waited_for(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User
) -> None:
    browser = client_of(alice)
    checkouts.begin(alice, "paddle", TWO_AND_ONE)
    Checkout.objects.update(
        transaction_id="", lease_until=timezone.now() + timedelta(seconds=30)
    )
    assert browser.post(HERE, FORM)["Location"] == f"{HERE}/checkout"
    assert "Opening the checkout" in words_of(browser, f"{HERE}/checkout")
    Checkout.objects.update(lease_until=None)
    assert browser.get(f"{HERE}/checkout")["Location"] == HERE
    assert "The checkout could not be opened." in words_of(browser)
    Checkout.objects.all().delete()
    assert browser.get(f"{HERE}/checkout")["Location"] == HERE


def test_checkout_page_alone_may_load_the_providers_script(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User
) -> None:
    browser = client_of(alice)
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    response = browser.get(f"{HERE}/checkout?_ptxn={checkout.transaction_id}")
    policy = response["Content-Security-Policy"]
    assert f"script-src 'self' {paddle.url} 'nonce-" in policy
    assert f"frame-src {paddle.url} https://buy.paddle.com" in policy
    assert response["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert "payment=(self" in response["Permissions-Policy"]
    other = browser.get(HERE)
    assert paddle.url not in other["Content-Security-Policy"]
    assert "frame-src" not in other["Content-Security-Policy"]
    assert "payment=()" in other["Permissions-Policy"]
    assert other["Cross-Origin-Opener-Policy"] == "same-origin"


def test_checkout_of_another_user_is_not_found(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User, charlie: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    address = f"{HERE}/checkout?_ptxn={checkout.transaction_id}"
    assert client_of(alice).get(address).status_code == 200
    assert client_of(charlie).get(address).status_code == 404
    back = f"{HERE}/confirm/{checkout.pk}"
    assert client_of(alice).get(back).status_code == 200
    assert client_of(charlie).get(back).status_code == 404


def test_closed_checkout_cannot_be_paid_any_more(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    assert checkouts.close(checkout) is True
    answer = client_of(alice).get(f"{HERE}/checkout?_ptxn={checkout.transaction_id}")
    assert answer["Location"] == HERE


def test_coming_back_without_having_paid_opens_nothing(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User, eager: None
) -> None:
    browser = client_of(alice)
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    back = f"{HERE}/confirm/{checkout.pk}"
    assert "The payment is being confirmed." in words_of(browser, back)
    assert Subscription.objects.count() == 0
    fragment = browser.get(back, headers={"HX-Request": "true"})
    assert "<main" not in fragment.content.decode()


@pytest.mark.django_db(transaction=True)
def test_coming_back_confirms_the_payment(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User, eager: None
) -> None:
    browser = client_of(alice)
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    back = f"{HERE}/confirm/{checkout.pk}"
    assert "is being confirmed" in words_of(browser, back)
    Checkout.objects.update(purpose="payment_method")
    answer = browser.get(back, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == HERE
    assert "Your payment details are updated." in words_of(browser)
    Checkout.objects.update(purpose="subscribe")
    assert browser.get(back)["Location"] == HERE
    words = words_of(browser)
    assert "Thank you. Your subscription is active." in words
    assert "6.50 USD" in words
    paid = f"{HERE}/checkout?_ptxn={checkout.transaction_id}"
    assert browser.get(paid)["Location"] == HERE


def test_payment_whose_subscription_is_not_here_yet_is_waited_for(
    paddle: RunningPaddle, client_of: BrowserOf, deliver: Deliver, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    paddle.pay(checkout.transaction_id)
    told = [one.event_type for one in paddle.notifications]
    deliver(paddle.notifications[told.index("transaction.completed")])
    browser = client_of(alice)
    back = f"{HERE}/confirm/{checkout.pk}"
    assert "is being confirmed" in words_of(browser, back)
    window = browser.get(f"{HERE}/checkout?_ptxn={checkout.transaction_id}")
    assert window["Location"] == back


def test_coming_back_before_there_was_a_transaction_is_not_found(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User
) -> None:
    checkout = checkouts.begin(alice, "paddle", TWO_AND_ONE)
    Checkout.objects.update(transaction_id="")
    assert client_of(alice).get(f"{HERE}/confirm/{checkout.pk}").status_code == 404


@pytest.mark.parametrize(
    ("facts", "words", "buttons"),
    [
        ({}, "Everything is open. The next payment is due", {"Pause", "Cancel"}),
        ({"status": "trialing"}, "The first payment is due", {"Pause", "Cancel"}),
        ({"status": "past_due"}, "Everything still works for now", {"Cancel"}),
        ({"status": "past_due", "past_due_at": timezone.now() - timedelta(days=99)},
         "so the API is closed", {"Cancel"}),
        ({"status": "paused"}, "Nothing is charged, and the API is closed.", {"Resume", "Cancel"}),
        ({"scheduled_action": "cancel"}, "then the subscription ends", {"Undo the cancellation"}),
        ({"scheduled_action": "pause"}, "then the subscription pauses", {"Undo the pause"}),
        ({"withdrawn_at": timezone.now()}, "The last payment went back", {"Cancel"}),
        ({"vehicles": 0, "sites": 0}, "What you pay for is not known here.", {"Cancel"}),
        ({"currency": "SEK"}, "Price before tax —", {"Cancel"}),
    ],
)  # fmt: skip
def test_each_state_is_said_in_words_with_its_buttons(
    subscribe: Subscribe,
    client_of: BrowserOf,
    alice: User,
    facts: dict[str, object],
    words: str,
    buttons: set[str],
) -> None:
    subscribe(alice)
    Subscription.objects.update(scheduled_at=timezone.now(), **facts)
    text = words_of(client_of(alice))
    assert words in text
    assert all(button in text for button in buttons)
    offered = {"Resume", "Undo the pause", "Undo the cancellation"}
    assert {one for one in offered if one in text} == offered & buttons


@pytest.mark.parametrize(
    ("days", "words"), [(3, "Everything is open until"), (-3, "It ended")]
)
def test_after_the_end_a_restart_is_offered(
    subscribe: Subscribe, client_of: BrowserOf, alice: User, days: int, words: str
) -> None:
    subscribe(alice)
    Subscription.objects.update(
        status="canceled", paid_until=timezone.now() + timedelta(days=days)
    )
    page = client_of(alice).get(HERE).content.decode()
    text = words_of(client_of(alice))
    assert "Restart Subscription" in text
    assert words in text
    assert re.search(r'name="vehicles" value="2"', page)


def test_each_verb_is_done_and_said(
    paddle: RunningPaddle, subscribe: Subscribe, client_of: BrowserOf, alice: User
) -> None:
    browser, row = client_of(alice), subscribe(alice)
    for verb, scheduled, words in (
        ("pause", "pause", "Your subscription pauses"),
        ("undo", "", "Your subscription goes on."),
        ("cancel", "cancel", "Your subscription is canceled."),
        ("cancel", "cancel", "This subscription is canceled already."),
        ("undo", "", "Your subscription goes on."),
        ("resume", "", "This subscription is not paused."),
        ("pause-now", "", "Your subscription is paused."),
        ("resume", "", "Your subscription runs again."),
    ):
        assert browser.post(f"{HERE}/{verb}")["Location"] == HERE
        assert words in words_of(browser)
        row.refresh_from_db()
        assert row.scheduled_action == scheduled


def test_verb_of_nobody_and_unknown_verb_are_not_found(
    paddle: RunningPaddle,
    subscribe: Subscribe,
    client_of: BrowserOf,
    alice: User,
    charlie: User,
) -> None:
    subscribe(alice)
    assert client_of(charlie).post(f"{HERE}/cancel").status_code == 404
    assert client_of(charlie).get(f"{HERE}/change").status_code == 404
    assert client_of(alice).post(f"{HERE}/explode").status_code == 404
    assert client_of(alice).get(f"{HERE}/cancel").status_code == 405
    assert Subscription.objects.get().scheduled_action == ""


def test_what_is_being_done_is_said(
    subscribe: Subscribe, client_of: BrowserOf, alice: User
) -> None:
    subscribe(alice)
    Subscription.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    browser = client_of(alice)
    browser.post(f"{HERE}/cancel")
    assert "This is being done already." in words_of(browser)


def test_subscriber_who_subscribes_again_is_told(
    subscribe: Subscribe, client_of: BrowserOf, alice: User
) -> None:
    subscribe(alice)
    browser = client_of(alice)
    assert browser.post(HERE, FORM)["Location"] == HERE
    assert "You have a subscription already." in words_of(browser)


def test_payment_details_lead_to_a_checkout_of_their_own(
    subscribe: Subscribe, client_of: BrowserOf, alice: User
) -> None:
    subscribe(alice)
    browser = client_of(alice)
    address = browser.post(f"{HERE}/payment")["Location"]
    assert address.startswith(f"{HERE}/checkout?_ptxn=txn_")
    assert "New payment details" in words_of(browser, address)


def test_change_is_shown_before_it_is_done(
    paddle: RunningPaddle, subscribe: Subscribe, client_of: BrowserOf, alice: User
) -> None:
    browser, row = client_of(alice), subscribe(alice)
    numbers = {"vehicles": "3", "sites": "0"}
    assert "See what it costs" in words_of(browser, f"{HERE}/change")
    assert browser.post(f"{HERE}/change", {"vehicles": "x"}).status_code == 400
    page = browser.post(f"{HERE}/change", numbers).content.decode()
    assert "2 → 3" in page
    assert "7.50 USD" in page
    row.refresh_from_db()
    assert row.vehicles == 2
    browser.post(f"{HERE}/change", numbers | {"step": "approve"})
    row.refresh_from_db()
    assert (row.vehicles, row.sites) == (3, 0)
    acting.cancel(row)
    browser.post(f"{HERE}/change", numbers)
    assert "Undo it first." in words_of(browser)


def test_change_without_a_price_is_said(
    subscribe: Subscribe, client_of: BrowserOf, alice: User
) -> None:
    subscribe(alice)
    CatalogPrice.objects.filter(kind="site").delete()
    browser = client_of(alice)
    browser.post(f"{HERE}/change", {"vehicles": "1", "sites": "1"})
    assert "There is no price for this selection." in words_of(browser)


def test_policy_per_product_asks_for_names(
    paddle: RunningPaddle,
    deliver: Deliver,
    client_of: BrowserOf,
    alice: User,
    settings: Settings,
) -> None:
    settings.BILLING_POLICY = "per_product"
    grant = make_bare_grant(alice)
    make_vehicle(grant, vin="5YJ3E1EA4PF000001", name="Luna")
    make_vehicle(grant, vin="5YJ3E1EA4PF000002", name="Granny")
    make_energy_site(grant, site_id=12)
    browser = client_of(alice)
    words = words_of(browser)
    assert "Luna · 5YJ3E1EA4PF000001" in words
    assert "streams and webhooks of this Keyfob need a subscription" in words
    facts = {"country": "US", "currency": "USD", "cycle": "month"}
    assert browser.post(HERE, facts).status_code == 400
    assert browser.post(HERE, facts | {"products": ["9"]}).status_code == 400
    browser.post(HERE, facts | {"products": ["5YJ3E1EA4PF000001", "12"]})
    paddle.pay(Checkout.objects.get().transaction_id)
    deliver()
    row = Subscription.objects.get()
    assert (row.vehicles, row.sites) == (1, 1)
    assert row.products == ["5YJ3E1EA4PF000001", "12"]
    page = browser.post(f"{HERE}/change", {"products": ["12"]}).content.decode()
    assert 'name="products" value="12"' in page
    browser.post(f"{HERE}/change", {"products": ["12"], "step": "approve"})
    row.refresh_from_db()
    assert (row.vehicles, row.sites, row.products) == (0, 1, ["12"])


def test_alert_is_shown_to_the_owner_alone_until_settled(
    paddle: RunningPaddle, client_of: BrowserOf, owner: User, alice: User
) -> None:
    alert = Alert.objects.create(code="key_exposed", subject="evt_1")
    settle = f"{HERE}/alerts/{alert.pk}/settle"
    assert "Replace it at once." in words_of(client_of(owner), "/console/account")
    assert "Replace it" not in words_of(client_of(alice), "/console/account")
    assert client_of(alice).post(settle).status_code == 404
    assert client_of(owner).post(settle)["Location"] == HERE
    assert "Replace it" not in words_of(client_of(owner), "/console/account")
    assert client_of(owner).post(f"{HERE}/alerts/999999/settle").status_code == 404


def test_dashboard_tells_how_it_stands(
    paddle: RunningPaddle, subscribe: Subscribe, client_of: BrowserOf, alice: User
) -> None:
    browser = client_of(alice)
    assert "No subscription yet" in words_of(browser, "/console/")
    subscribe(alice)
    assert "Everything is open." in words_of(browser, "/console/")
    Subscription.objects.update(status="canceled")
    assert "Subscription Restart" in words_of(browser, "/console/")


def test_rail_leads_to_the_subscription(
    paddle: RunningPaddle, client_of: BrowserOf, alice: User
) -> None:
    page = client_of(alice).get(HERE).content.decode()
    assert f'href="{HERE}" aria-current="page"' in page


def test_page_is_quick_and_asks_the_provider_nothing(
    paddle: RunningPaddle, subscribe: Subscribe, client_of: BrowserOf, alice: User
) -> None:
    browser = client_of(alice)
    subscribe(alice)
    paddle.desk.calls.clear()
    browser.get(HERE)
    times = []
    for _ in range(7):
        began = time.thread_time()
        browser.get(HERE)
        times.append(time.thread_time() - began)
    with CaptureQueriesContext(connection) as queries:
        browser.get(HERE)
    assert len(queries) <= 9
    assert min(times) < 0.06
    assert paddle.desk.calls == []


@pytest.mark.parametrize(
    ("header", "country"),
    [
        ("", "US"),
        ("de-DE,en;q=0.5", "DE"),
        ("en,fr-fr;q=0.8", "FR"),
        ("xx-YY,*;q=0.1", "US"),
    ],
)
def test_country_is_guessed_by_the_languages(header: str, country: str) -> None:
    assert countries.of_languages(header) == country
