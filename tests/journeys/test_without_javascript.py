"""Everything that is read, and every token, works in a browser without JavaScript."""

import json

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.live import LiveConsole, NewPage
from tests.journeys.steps import make_access_token, sign_in_with_tesla


@pytest.fixture
def plain(new_page: NewPage) -> Page:
    """Return a page whose browser runs no scripts."""
    return new_page(java_script_enabled=False, viewport={"width": 1280, "height": 800})


def test_person_reads_and_hands_out_tokens_without_javascript(
    plain: Page, live_console: LiveConsole
) -> None:
    sign_in_with_tesla(plain)
    # The page is loaded again by itself until the lists are there.
    plain.get_by_role("link", name="Red", exact=True).click()
    plain.get_by_role("button", name="Vehicle Data").click()
    values = plain.locator("#reading")
    expect(values.get_by_role("heading", name="Battery and range")).to_be_visible()
    values.get_by_role("link", name="JSON").click()
    assert json.loads(plain.locator("#vehicle-json").inner_text())["vin"]

    plain.goto("/console/")
    plain.get_by_role("link", name="Home", exact=True).click()
    plain.get_by_role("button", name="Live Status").click()
    expect(plain.locator("#reading").get_by_role("img")).to_be_visible()

    plain.goto("/key")
    luna = plain.get_by_role("article").filter(has_text="Luna")
    luna.get_by_role("button", name="Check now").click()
    expect(luna.get_by_text("Waiting for the key")).to_be_visible()

    plain.goto("/console/account")
    plain.get_by_role("radio", name="Metric").check()
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_text("Saved.")).to_be_visible()

    text = make_access_token(plain, "evcc")
    address = f"{live_console.url}/api/test"
    bearer = {"Authorization": f"Bearer {text}"}
    assert httpx.get(address, headers=bearer).json() == {"response": True}
    plain.goto("/console/tokens")
    plain.get_by_role("row", name="evcc").get_by_role("link", name="Remove").click()
    plain.get_by_role("button", name="Remove the token").click()
    expect(plain.get_by_text("evcc is removed.")).to_be_visible()
    plain.get_by_role("button", name="Sign out").first.click()
    plain.goto("/console/")
    expect(plain.get_by_role("heading", level=1)).to_have_text("Sign in")
