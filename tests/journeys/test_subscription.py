"""A person subscribes, changes their mind, and comes back: the whole life, in a browser."""

import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, FrameLocator, Page, expect

from accounts.models import User
from billing.models import CatalogPrice, Checkout, Customer, Move, Subscription
from simulator.stripe.entities import Customer as Buyer
from tests.factories import client_for, make_user
from tests.fixtures.live_billing import LiveShop

DAY_S = 86_400
# A change passes through Paddle, a webhook and the worker: long on a busy machine.
CHANGES_WITHIN_MS = 45_000


@pytest.fixture
def shopper(browser: Browser, live_shop: LiveShop) -> Iterator[Callable[..., Page]]:
    """Return a function that signs somebody in and opens the Subscription page."""
    wrongs: list[str] = []
    contexts = []

    def come(
        email: str,
        locale: str = "en-US",
        heading: str = "Add Subscription",
        before: Callable[[User], None] | None = None,
    ) -> Page:
        user = make_user(email, name="Alice Moreau")
        session = client_for(user).cookies[settings.SESSION_COOKIE_NAME].value
        context = browser.new_context(base_url=live_shop.console.url, locale=locale)
        contexts.append(context)
        context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": session,
                    "url": live_shop.console.url,
                }
            ]
        )
        context.set_default_timeout(CHANGES_WITHIN_MS)
        context.on("weberror", lambda error: wrongs.append(str(error.error)))
        context.on(
            "console",
            lambda message: (
                wrongs.append(message.text)
                if "Content Security Policy" in message.text
                else None
            ),
        )
        page = context.new_page()
        if before is not None:
            before(user)
        page.goto("/console/subscription")
        page.get_by_role("heading", name=heading).wait_for()
        wait_for_prices(page)
        return page

    yield come
    for context in contexts:
        context.close()
    assert wrongs == []


def wait_for_prices(page: Page) -> None:
    """Load the page until the worker has read the prices."""
    for _ in range(60):
        if page.get_by_text("The prices are being read").count() == 0:
            return
        time.sleep(1)
        page.reload()


def window(page: Page) -> FrameLocator:
    """Return the payment provider's window."""
    return page.frame_locator("iframe[title=Checkout]")


def choose(page: Page, vehicles: int, sites: int, cycle: str, currency: str) -> None:
    page.get_by_label("Vehicles").fill(str(vehicles))
    page.get_by_label("Energy sites").fill(str(sites))
    page.get_by_label(cycle).check()
    page.get_by_label(currency).check()


def until(question: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end_at = time.monotonic() + 45
    while not question():
        assert time.monotonic() < end_at
        time.sleep(0.2)


def confirm(page: Page, summary: str, button: str) -> None:
    """Open a question and say yes to it."""
    page.locator("summary", has_text=summary).click()
    page.get_by_role("button", name=button).click()


def test_whole_life_of_a_subscription_in_dollars(
    shopper: Callable[..., Page], live_shop: LiveShop
) -> None:
    paddle, page = live_shop.paddle, shopper("alice@example.com")

    # Closed without paying: nothing happened, and the checkout can be gone on with.
    choose(page, 2, 1, "Monthly", "US dollars")
    page.get_by_role("button", name="Subscribe").click()
    window(page).get_by_role("heading", name="Pay 6.50 USD").wait_for()
    window(page).get_by_role("button", name="Close").click()
    page.get_by_text("Nothing was paid.").wait_for()
    assert Subscription.objects.count() == 0
    page.goto("/console/subscription")
    page.get_by_role("link", name="Go on").click()

    # Declined, then paid.
    window(page).get_by_role("button", name="Let the card be declined").click()
    window(page).get_by_text("The bank declined the card.").wait_for()
    window(page).get_by_role("button", name="Pay now").click()
    page.wait_for_url("**/console/subscription")
    page.get_by_text("Everything is open. The next payment is due").wait_for()
    page.get_by_text("6.50 USD").first.wait_for()
    assert len(paddle.machine.subscriptions) == 1

    # Changed: a third vehicle, its price approved.
    page.get_by_role("link", name="Change vehicles and sites").click()
    page.get_by_label("Vehicles").fill("3")
    page.get_by_role("button", name="See what it costs").click()
    page.get_by_text("9.00 USD").wait_for()
    page.get_by_role("button", name="Approve the changes").click()
    page.get_by_text("Your subscription is changed.").wait_for()
    assert Subscription.objects.get().vehicles == 3

    # Paused at the end of the period, resumed after it.
    confirm(page, "Pause", "Pause the subscription")
    page.get_by_text("then the subscription pauses").wait_for()
    paddle.advance(32 * DAY_S)
    until(lambda: Subscription.objects.get().status == "paused")
    page.reload()
    page.get_by_role("button", name="Resume").click()
    page.get_by_text("Your subscription runs again.").wait_for()
    assert Subscription.objects.get().status == "active"

    # Canceled, undone, canceled for good, restarted.
    confirm(page, "Cancel", "Cancel the subscription")
    page.get_by_text("then the subscription ends").wait_for()
    page.get_by_role("button", name="Undo the cancellation").click()
    page.get_by_text("Your subscription goes on.").wait_for()
    confirm(page, "Cancel", "Cancel the subscription")
    page.get_by_text("then the subscription ends").wait_for()
    paddle.advance(32 * DAY_S)
    until(lambda: Subscription.objects.get().status == "canceled")
    page.reload()
    page.get_by_role("heading", name="Restart Subscription").wait_for()
    assert page.get_by_label("Vehicles").input_value() == "3"
    page.get_by_role("button", name="Restart").click()
    window(page).get_by_role("button", name="Pay now").click()
    page.wait_for_url("**/console/subscription")
    page.get_by_role("heading", name="Subscription", exact=True).wait_for()
    assert sorted(Subscription.objects.values_list("status", flat=True)) == [
        "active",
        "canceled",
    ]


def test_subscription_in_euros_with_bad_mail(
    shopper: Callable[..., Page], live_shop: LiveShop
) -> None:
    paddle, page = live_shop.paddle, shopper("alice@example.com", "de-DE")
    paddle.desk.sender.weather.copies = 3
    paddle.desk.sender.weather.reverse_s = 0.5
    choose(page, 1, 0, "Yearly", "Local currency (EUR)")
    page.get_by_role("button", name="Subscribe").click()
    window(page).get_by_role("heading", name="Pay 23.00 EUR").wait_for()
    window(page).get_by_role("button", name="Pay now").click()
    page.wait_for_url("**/console/subscription")
    expect(page.get_by_text("Yearly")).to_be_visible()
    row = Subscription.objects.get()
    assert (row.currency, row.cycle, row.user) == ("EUR", "year", User.objects.get())


def test_payment_is_seen_though_every_notification_is_lost(
    shopper: Callable[..., Page], live_shop: LiveShop
) -> None:
    paddle, page = live_shop.paddle, shopper("alice@example.com")
    paddle.desk.sender.weather.lose = 100
    choose(page, 1, 1, "Monthly", "US dollars")
    page.get_by_role("button", name="Subscribe").click()
    window(page).get_by_role("button", name="Pay now").click()
    page.wait_for_url("**/console/subscription")
    page.get_by_text("Everything is open.").wait_for()
    assert Checkout.objects.get().state == "completed"

    # New payment details are asked for in the same window.
    page.get_by_role("button", name="Update payment details").click()
    window(page).get_by_role("heading", name="Pay 0.00 USD").wait_for()
    window(page).get_by_role("button", name="Pay now").click()
    page.get_by_text("Your payment details are updated.").wait_for()
    assert Subscription.objects.count() == 1


def test_stripe_subscriber_moves_and_is_never_charged_twice(
    shopper: Callable[..., Page], live_shop: LiveShop
) -> None:
    paddle, stripe = live_shop.paddle, live_shop.stripe

    def subscribed_long_ago(user: User) -> None:
        price = next(iter(stripe.machine.prices.values()))
        Customer.objects.create(user=user, provider="stripe", external_id="cus_old")
        now = stripe.desk.clock.now()
        stripe.machine.customers["cus_old"] = Buyer("cus_old", user.email, now)
        stripe.in_loop(lambda machine: machine.begin("cus_old", [(price, 2)], "usd"))
        until(lambda: Subscription.objects.filter(status="active").exists())

    CatalogPrice.objects.all().delete()
    page = shopper(
        "alice@example.com", heading="Subscription (Stripe)", before=subscribed_long_ago
    )
    page.get_by_text("Everything is open.").wait_for()

    # Payment details and the rest are seen to on Stripe's own page, and back again.
    page.get_by_role("link", name="Update payment details").click()
    page.get_by_role("button", name="Use a new card").click()
    page.get_by_role("link", name="Return").click()
    page.get_by_role("heading", name="Subscription (Stripe)").wait_for()

    # A checkout that is closed changes nothing; it can be gone on with.
    until(lambda: CatalogPrice.objects.filter(provider="paddle").exists())
    page.get_by_role("link", name="Move to Paddle").click()
    page.get_by_role("button", name="Go on to the checkout").click()
    window(page).get_by_role("heading", name="Pay 0.00 USD").wait_for()
    window(page).get_by_role("button", name="Close").click()
    page.get_by_text("Nothing was paid.").wait_for()
    assert stripe.subscription().ends_with_period is False
    page.goto("/console/subscription/stripe")
    page.get_by_role("link", name="Go on to the checkout").click()
    window(page).get_by_role("button", name="Pay now").click()
    page.wait_for_url("**/console/subscription")
    page.get_by_text("The first payment is due").wait_for()
    until(Move.objects.filter(state="switched").exists)
    assert stripe.subscription().ends_with_period
    page.goto("/console/subscription/stripe")
    page.get_by_text("Paddle charges from then on").wait_for()

    for running in (stripe, paddle):
        running.advance(32 * DAY_S)
    ended = Subscription.objects.filter(provider="stripe", status="canceled")
    until(ended.exists)
    until(lambda: Subscription.objects.filter(status="active").exists())
    charged = [one.total for one in paddle.machine.transactions.values()]
    assert sorted(charged) == [0, 500]
    assert [one.total for one in stripe.machine.invoices.values()] == [500]
    page.goto("/console/subscription")
    page.get_by_text("The next payment is due").wait_for()
