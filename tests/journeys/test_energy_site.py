"""A person looks at their home: what it is made of, and what flows in it."""

from playwright.sync_api import Page, expect

from accounts.models import User
from tests.fixtures.live import LiveConsole
from tests.journeys.conftest import Enter


def test_person_reads_a_home_and_sees_what_flows(
    page: Page, live_console: LiveConsole, alice: User, enter: Enter
) -> None:
    enter(page, alice, "alice@example.com")
    page.goto("/console/")
    page.get_by_role("link", name="Home", exact=True).click()
    page.get_by_role("button", name="Site Info").click()
    values = page.locator("#reading")
    expect(values).to_contain_text("Backup reserve")
    expect(values.get_by_role("link", name="Site Info")).to_have_attribute(
        "aria-current", "page"
    )
    page.get_by_role("button", name="Live Status").click()
    flow = values.get_by_role("img")
    expect(flow).to_be_visible()
    assert "home" in str(flow.get_attribute("aria-label")).lower()
    for label in ("Home kW", "Solar kW"):
        expect(flow).to_contain_text(label)
    expect(values.get_by_role("heading", name="Wall Connectors")).to_be_visible()
    values.get_by_role("link", name="JSON").click()
    expect(page.locator("#site-json")).to_contain_text("solar_power")
    # The dashboard shows the flow from now on, with the age of the reading.
    page.get_by_role("link", name="Console", exact=True).first.click()
    expect(page.locator("article").get_by_role("img").first).to_be_visible()
    assert set(live_console.simulator.billed().values()) == {0}
