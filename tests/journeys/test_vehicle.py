"""A person looks at a car, wakes another, and chooses how to read the values."""

import json
import re

from playwright.sync_api import Page, expect

from accounts.models import User
from tests.fixtures.live import LiveConsole
from tests.journeys.conftest import Enter


def billed(live_console: LiveConsole) -> dict[str, int]:
    """Return what Tesla would charge for, without what it would not."""
    return {name: n for name, n in live_console.simulator.billed().items() if n}


def test_person_reads_a_car_as_summary_and_json(
    page: Page, live_console: LiveConsole, alice: User, enter: Enter
) -> None:
    enter(page, alice, "alice@example.com")
    page.goto("/console/")
    page.get_by_role("link", name="Red", exact=True).click()
    page.get_by_role("button", name="Vehicle Data").click()
    values = page.locator("#reading")
    for title in ("Battery and range", "Charging", "Climate", "Tires", "Location"):
        expect(values.get_by_role("heading", name=title)).to_be_visible()
    expect(values).to_contain_text(re.compile(r"Odometer\s*21.407\s*mi"))

    values.get_by_role("link", name="JSON").click()
    text = page.locator("#vehicle-json")
    expect(text).to_contain_text("charge_state")
    reading = json.loads(text.inner_text())
    assert reading["display_name"] == "Red"
    assert 0 < reading["charge_state"]["battery_level"] <= 100
    expect(page.locator("#vehicle-curl")).to_contain_text("/vehicle_data")
    assert billed(live_console) == {"data": 1}


def test_person_wakes_a_sleeping_car_by_pressing_alone(
    page: Page, live_console: LiveConsole, alice: User, enter: Enter
) -> None:
    tempo = live_console.simulator.world.tempo
    tempo.wake_delay_s, tempo.report_lag_s = 0.5, 0.0
    luna = live_console.simulator.world.car_named("Luna")
    enter(page, alice, "alice@example.com")
    page.goto(f"/console/vehicle/{luna.vin}")
    page.get_by_role("button", name="Vehicle Data").click()
    asleep = page.get_by_role("alert").filter(has_text="asleep")
    expect(asleep).to_be_visible()
    expect(asleep.get_by_text("408")).to_be_attached()
    assert luna.state == "asleep"
    assert billed(live_console) == {}

    asleep.get_by_role("button", name="Wake").click()
    expect(
        page.get_by_text("Waking the car, usually 10\N{EN DASH}60 s")
    ).to_be_visible()
    values = page.locator("#reading")
    expect(values.get_by_role("heading", name="Battery and range")).to_be_visible()
    expect(page.locator("#state")).to_contain_text("Online")
    assert billed(live_console) == {"wakes": 1, "data": 1}


def test_person_chooses_units_and_theme(page: Page, alice: User, enter: Enter) -> None:
    enter(page, alice, "alice@example.com")
    page.goto("/console/account")
    page.get_by_role("radio", name="Metric").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    theme = page.locator("main").get_by_role("button", name="Theme")
    theme.click()
    expect(theme).to_have_text("Theme: light")
    theme.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    # The server remembers it, so that no page flashes white.
    page.goto("/console/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    page.get_by_role("link", name="Red", exact=True).click()
    page.get_by_role("button", name="Vehicle Data").click()
    expect(page.locator("#reading")).to_contain_text(
        re.compile(r"Odometer\s*34.452\s*km")
    )
    alice.refresh_from_db()
    assert alice.units == "metric"
