"""A person gives a car the virtual key."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.fixtures.live import LiveConsole, NewPage
from tests.journeys.conftest import Enter
from tests.journeys.steps import ALICE
from vehicles.models import Vehicle


@pytest.fixture
def _known_domain(live_console: LiveConsole) -> Iterator[None]:
    """Let the simulated Tesla find our domain's public key where the console runs."""
    key_urls = live_console.simulator.key_urls
    key_urls[settings.TESLA_DOMAIN] = live_console.url
    yield
    del key_urls[settings.TESLA_DOMAIN]


@pytest.mark.usefixtures("_known_domain")
def test_key_page_turns_green_by_itself_when_a_car_is_paired(
    page: Page, live_console: LiveConsole, alice: User, enter: Enter
) -> None:
    tempo = live_console.simulator.world.tempo
    tempo.pairing_lag_s, tempo.wake_delay_s = 0.2, 0.0
    enter(page, alice, "alice@example.com")
    page.goto("/console/")
    page.get_by_role("link", name="Pair Luna").click()
    luna = page.get_by_role("article").filter(has_text="Luna")
    expect(luna.get_by_text("Pair now")).to_be_visible()
    expect(luna.get_by_role("img", name="QR code")).to_be_visible()
    expect(luna.get_by_text("Waiting for the key")).to_be_visible()
    granny = page.get_by_role("article").filter(has_text="Granny")
    expect(granny.get_by_text("Not needed")).to_be_visible()

    phone = page.context.new_page()
    address = luna.get_by_role("link", name="open the pairing link")
    phone.goto(str(address.get_attribute("href")))
    phone.get_by_role("button", name=ALICE).click()
    phone.get_by_role("button", name="Wake Luna").click()
    phone.get_by_role("button", name="Add the key to Luna").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("The key is on Luna")

    expect(luna.get_by_text("Paired", exact=True)).to_be_visible(timeout=60_000)
    expect(luna.get_by_text("Waiting for the key")).to_have_count(0)
    assert Vehicle.objects.get(name="Luna").key_paired is True
    page.get_by_role("link", name="Console", exact=True).click()
    expect(page.get_by_role("heading", name="Luna", exact=True)).to_be_visible()
    expect(page.get_by_text("has no virtual key yet")).to_have_count(0)


def test_key_page_on_a_phone_offers_the_link_as_a_button(
    new_page: NewPage, live_console: LiveConsole, alice: User, enter: Enter
) -> None:
    phone = new_page(viewport={"width": 390, "height": 844}, is_mobile=True)
    enter(phone, alice, "alice@example.com")
    phone.goto("/key")
    luna = phone.get_by_role("article").filter(has_text="Luna")
    link = luna.get_by_role("link", name="open the pairing link")
    expect(link).to_have_count(1)
    expect(link).to_have_class("button primary")
    expect(luna.get_by_role("img", name="QR code")).to_have_count(0)
    expect(luna).not_to_contain_text("Scan", use_inner_text=True)
    phone.set_viewport_size({"width": 1280, "height": 800})
    expect(luna.get_by_role("img", name="QR code")).to_be_visible()
    expect(link).to_have_count(1)
    expect(luna).to_contain_text("Scan the code", use_inner_text=True)
