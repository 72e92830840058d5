"""A person has a receiver told what happens, and sees what became of each event."""

import re

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks.webhooks import Webhook

from accounts.models import User
from tests.factories import PASSWORD
from tests.fixtures.live import NewPage
from tests.journeys.conftest import Enter
from tests.journeys.receiver import SCRIPT, Receiver
from tests.journeys.steps import sign_in_with_tesla
from tests.journeys.test_small_screen import NARROWEST, sideways
from tests.webhooks.making import make_attempt, make_delivery, make_endpoint
from webhooks.models import Delivery, Endpoint


def add(page: Page, receiver: Receiver) -> str:
    """Fill in the form of a new webhook; return the secret that is shown once."""
    page.goto("/console/webhooks")
    page.get_by_role("link", name="Add webhook").click()
    page.get_by_label("Address").fill(receiver.url)
    page.get_by_label("Name", exact=True).fill("Home")
    # What was just linked is read, which would be told between the tests.
    for kind in ("State", "Vehicle data", "Credits"):
        page.get_by_role("checkbox", name=kind).uncheck()
    page.get_by_text("Authorization and headers of your own").click()
    page.get_by_label("Authorization", exact=True).fill("Bearer opensesame")
    page.get_by_role("button", name="Add webhook").click()
    return page.locator("#secret-text").inner_text()


@pytest.mark.usefixtures("deliverer")
def test_person_adds_tries_and_removes_a_webhook(
    page: Page, receiver: Receiver
) -> None:
    sign_in_with_tesla(page)
    secret = add(page, receiver)
    page.get_by_role("link", name="Go on and send a test").click()
    assert secret not in page.content()
    page.get_by_role("button", name="State").click()
    expect(page.get_by_text("Try 1: 200")).to_be_visible()
    headers, body = receiver.came[0]
    Webhook(secret).verify(body, headers)
    assert headers["authorization"] == "Bearer opensesame"
    # What the receiver answered is text, and what was set is masked.
    expect(page.locator("pre", has_text=SCRIPT)).to_be_visible()
    expect(page).to_have_title(re.compile("State"))
    assert "opensesame" not in page.content()

    page.get_by_role("button", name="Resend").click()
    expect(page.get_by_text("Try 2: 200")).to_be_visible()
    assert [came["webhook-id"] for came, _ in receiver.came] == [
        headers["webhook-id"]
    ] * 2

    page.get_by_role("link", name="Home").click()
    expect(page.locator("table.rows tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Roll the secret").click()
    page.get_by_role("button", name="Roll the secret").click()
    new = page.locator("#secret-text").inner_text()
    assert new != secret
    page.get_by_role("link", name="Go on").click()
    # Whoever sends reads once a second who is told what.
    page.wait_for_timeout(1_500)
    receiver.status = 503
    page.get_by_role("button", name="Alerts").click()
    expect(page.get_by_text("Try 1: 503")).to_be_visible()
    expect(page.get_by_text("has a fault of its own")).to_be_visible()
    for known in (secret, new):
        Webhook(known).verify(receiver.came[2][1], receiver.came[2][0])

    page.get_by_role("link", name="Home").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused just now.")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("It is sent to again.")).to_be_visible()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove the webhook").click()
    expect(page.get_by_text("Home is removed.")).to_be_visible()
    assert Endpoint.objects.count() == 0


@pytest.mark.usefixtures("deliverer")
def test_webhook_works_without_javascript(
    new_page: NewPage, receiver: Receiver
) -> None:
    plain = new_page(java_script_enabled=False)
    sign_in_with_tesla(plain)
    add(plain, receiver)
    plain.get_by_role("link", name="Go on and send a test").click()
    plain.get_by_role("button", name="Telemetry", exact=True).click()
    expect(plain.get_by_text("Try 1: 200")).to_be_visible()
    plain.get_by_role("link", name="Home").click()
    plain.get_by_role("link", name="Failed").click()
    expect(plain.get_by_text("There is nothing of that kind.")).to_be_visible()


def test_old_sign_in_is_proved_before_the_form_is_filled_in(
    page: Page, alice: User, enter: Enter
) -> None:
    enter(page, alice)
    page.goto("/console/webhooks")
    page.get_by_role("link", name="Add webhook").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it you?")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Add webhook")
    page.get_by_label("Address").fill("https://10.0.0.1/hook")
    page.get_by_role("button", name="Add webhook").click()
    expect(page.get_by_text("It leads into a private network.")).to_be_visible()


def test_no_page_of_a_webhook_scrolls_sideways_on_a_phone(
    new_page: NewPage, owner: User, enter: Enter
) -> None:
    phone = new_page(
        viewport={"width": NARROWEST, "height": 740}, has_touch=True, is_mobile=True
    )
    enter(phone, owner, "alice@example.com")
    long = "https://receiver.example.com/" + "x" * 300
    endpoint = make_endpoint(owner, long, name="A receiver with a rather long name")
    make_delivery(endpoint, state=Delivery.State.FAILED)
    delivery = make_delivery(endpoint, "vehicle_data")
    attempt = make_attempt(
        endpoint, delivery, request_excerpt="x" * 900, response_excerpt="y" * 900
    )
    there = f"/console/webhooks/{endpoint.pk}"
    phone.goto("/accounts/reauthenticate/?next=/console/webhooks/add")
    phone.get_by_label("Password").fill("correct horse battery")
    phone.get_by_role("button", name="Go on").click()
    expect(phone.get_by_label("Address")).to_be_visible()
    wide = {}
    for address in (
        "/console/",
        "/console/webhooks",
        "/console/webhooks/add",
        there,
        f"{there}/change",
        f"{there}/secret",
        f"{there}/remove",
        f"{there}/deliveries/{delivery.pk}",
        f"{there}/attempts/{attempt.pk}",
    ):
        answer = phone.goto(address)
        assert answer is not None
        assert answer.status == 200
        for one in phone.locator("main details").all():
            one.evaluate("element => { element.open = true }")
        wide[address] = sideways(phone)
    assert {address: px for address, px in wide.items() if px} == {}
