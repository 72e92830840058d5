"""Somebody finds an endpoint, tries it with their own token, and copies a snippet."""

from playwright.sync_api import Page, expect

from accounts.models import User
from tests.fixtures.live import LiveConsole, NewPage
from tests.journeys.conftest import Enter
from tests.journeys.test_small_screen import NARROWEST, sideways
from tokens.services import access_tokens


def test_endpoint_is_found_and_tried(
    page: Page, live_console: LiveConsole, owner: User, enter: Enter
) -> None:
    enter(page, owner, "alice@example.com")
    _, access_token = access_tokens.issue(owner, "docs")
    vin = live_console.simulator.world.car_named("Granny").vin
    page.goto("/docs")
    page.get_by_label("Search").press_sequentially("record with its state")
    expect(page.get_by_role("status")).to_have_text("1 endpoint")
    page.get_by_role("link", name="GET /api/1/vehicles/{vehicle_tag}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Read one car's record with its state"
    )
    page.get_by_label("Access token of yours").fill(access_token)
    page.get_by_label("vehicle_tag").fill(vin)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-try-status]")).to_have_text("Status 200")
    expect(page.locator("[data-try-answer]")).to_contain_text(f'"vin": "{vin}"')
    page.get_by_label("Access token of yours").fill("kf_wrong")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-try-status]")).to_have_text("Status 401")


def test_body_is_sent_as_the_form_says(
    page: Page, live_console: LiveConsole, owner: User, enter: Enter
) -> None:
    enter(page, owner, "alice@example.com")
    _, access_token = access_tokens.issue(owner, "docs")
    page.goto("/docs/set_temps")
    page.get_by_label("Access token of yours").fill(access_token)
    page.get_by_label("vehicle_tag").fill(
        live_console.simulator.world.car_named("Granny").vin
    )
    page.get_by_label("driver_temp").fill("72")
    page.get_by_label("passenger_temp").fill("21.5")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[data-try-status]")).to_have_text("Status 400")
    answer = page.locator("[data-try-answer]")
    expect(answer).to_contain_text("“driver_temp” must be a number from 10 to 35.")
    expect(answer).not_to_contain_text("passenger_temp")


def test_docs_fit_a_small_phone(new_page: NewPage) -> None:
    phone = new_page(
        viewport={"width": NARROWEST, "height": 740}, has_touch=True, is_mobile=True
    )
    for address in (
        "/docs",
        "/docs/vehicle_data",
        "/docs/custom_parental_controls_set_speed_limit",
        "/docs/energy_command",
    ):
        phone.goto(address)
        assert sideways(phone) == 0, address


def test_docs_are_searched_without_scripts(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/docs")
    page.get_by_label("Search").fill("storm")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("status")).to_have_text("1 endpoint")
    page.get_by_role("link", name="storm_mode").click()
    expect(page.get_by_role("heading", name="Try it")).to_be_hidden()
