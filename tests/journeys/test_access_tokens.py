"""A person hands out access tokens to programs, and takes them back."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.factories import PASSWORD
from tests.fixtures.live import LiveConsole
from tests.journeys.conftest import Enter
from tests.journeys.steps import make_access_token, sign_in_with_tesla, wait_until
from tokens.models import MOST_ACCESS_TOKENS, AccessToken
from tokens.services import access_tokens


@pytest.fixture
def program(live_console: LiveConsole) -> Iterator[httpx.Client]:
    """Return a program that calls the console."""
    agent = {"User-Agent": "thermostat/2.1"}
    address = live_console.url
    with httpx.Client(base_url=address, headers=agent, trust_env=False) as client:
        yield client


def written(logs: Path) -> str:
    """Return all that the running processes have written."""
    files = [path for path in logs.rglob("*") if path.is_file()]
    return "".join(path.read_bytes().decode(errors="replace") for path in files)


def test_person_makes_uses_and_removes_an_access_token(
    page: Page, live_console: LiveConsole, program: httpx.Client
) -> None:
    sign_in_with_tesla(page)
    page.get_by_role("heading", name="Granny", exact=True).wait_for()
    text = make_access_token(page, "Thermostat")
    bearer = {"Authorization": f"Bearer {text}"}
    by_header = program.get("/api/1/products", headers=bearer)
    by_query = program.get("/api/1/products", params={"token": text})
    assert (by_header.status_code, by_query.status_code) == (200, 200)
    assert by_header.json()["count"] == by_query.json()["count"] == 4
    names = {one.get("display_name") for one in by_header.json()["response"]}
    assert {"Red", "Luna", "Granny"} < names

    # Whatever goes wrong, nothing that is kept or sent names the token.
    mistakes = [
        program.get("/api/1/vehicles/5YJ3E1EA4PF999999", params={"token": text}),
        program.get("/api/1/vehicles/%00", params={"token": text}),
        program.get("/api/nowhere", params={"token": text}),
        program.get("/api/test", params={"token": text[:-1]}, headers=bearer),
        program.get("/nowhere", params={"token": text}),
        program.get("/console/", params={"token": text}),
    ]
    assert [answer.status_code for answer in mistakes] == [404, 400, 404, 400, 404, 302]
    for answer in (by_header, by_query, *mistakes):
        assert text not in answer.text
        assert text not in str(answer.headers)
    calls = [call.path + call.query for call in live_console.simulator.calls]
    assert calls
    assert not any(text in call for call in calls)

    wait_until(page, lambda: bool(AccessToken.objects.get().last_used_by))
    page.goto("/console/tokens")
    assert text not in page.content()
    row = page.get_by_role("row", name="Thermostat")
    expect(row).to_contain_text("thermostat/2.1")
    row.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove the token").click()
    expect(page.get_by_text("Thermostat is removed.")).to_be_visible()
    page.wait_for_timeout(1_000)
    refused = program.get("/api/1/products", headers=bearer)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
    assert text not in written(live_console.logs)


def test_eleventh_access_token_needs_one_to_be_removed(page: Page) -> None:
    sign_in_with_tesla(page)
    user = User.objects.get()
    for number in range(1, MOST_ACCESS_TOKENS):
        access_tokens.issue(user, f"Program {number}")
    make_access_token(page, "The tenth")
    expect(page.get_by_text("10 of 10")).to_be_visible()
    page.goto("/console/tokens")
    expect(page.get_by_text("You have 10 access tokens")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_count(0)
    page.get_by_role("row", name="Program 5").get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove the token").click()
    make_access_token(page, "The next")
    assert AccessToken.objects.filter(user=user).count() == MOST_ACCESS_TOKENS


def test_old_sign_in_is_proved_by_the_password_before_a_token_is_made(
    page: Page, alice: User, enter: Enter
) -> None:
    enter(page, alice)
    page.goto("/console/tokens")
    page.get_by_label("Name").fill("evcc")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it you?")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Name")).to_have_value("evcc")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("#token-text")).to_contain_text("kf_")
