"""What a person does with a car, in a real browser with a real worker."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.fixtures.live import LiveConsole
from tests.vehicles.conftest import Link, lull, paths, rouse
from tokens.services import signing_keys
from vehicles.models import VehicleAccess

# A wake is followed after two seconds, then every five; a slow machine doubles that.
_PATIENCE_MS = 40_000


@pytest.fixture
def page_of(
    new_page: Callable[..., Page],
    live_console: LiveConsole,
    client_of: Callable[[User], Client],
) -> Callable[[User], Page]:
    """Return a function that opens a browser in which a user is signed in."""

    def open_page(user: User) -> Page:
        page = new_page()
        cookie = client_of(user).cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies(
            [{"name": cookie.key, "value": cookie.value, "url": live_console.url}]
        )
        return page

    return open_page


def vin_of(user: User, name: str) -> str:
    return VehicleAccess.objects.of(user).get(vehicle__name=name).vehicle.vin


def test_person_wakes_a_sleeping_car_and_reads_it(
    page_of: Callable[[User], Page],
    link: Link,
    alice: User,
    registered: RunningSimulator,
) -> None:
    link(alice)
    rouse(registered, "Luna")
    lull(registered, "Luna")
    page = page_of(alice)
    page.goto(f"/console/vehicle/{vin_of(alice, 'Luna')}")
    page.get_by_role("button", name="Vehicle Data").click()
    expect(page.get_by_role("alert")).to_contain_text(
        "asleep or out of reach", timeout=_PATIENCE_MS
    )
    assert paths(registered, "/wake_up") == []
    page.get_by_role("button", name="Wake", exact=True).last.click()
    expect(page.locator("#asking")).to_contain_text("usually 10", timeout=_PATIENCE_MS)
    registered.clock.advance(90)
    expect(page.locator("#reading")).to_contain_text("Odometer", timeout=_PATIENCE_MS)
    expect(page.locator("#state")).to_contain_text("Online")
    expect(page.locator("#asking .progress")).to_have_count(0)
    page.get_by_role("link", name="JSON").click()
    expect(page.locator("#vehicle-json")).to_contain_text('"charge_state"')


def test_person_pairs_a_key_and_the_page_turns_green(
    page_of: Callable[[User], Page],
    link: Link,
    alice: User,
    registered: RunningSimulator,
) -> None:
    link(alice)
    page = page_of(alice)
    page.goto("/key")
    row = page.locator(f"#key-{vin_of(alice, 'Luna')}")
    expect(row).to_contain_text("Pair now")
    expect(row).to_contain_text("Waiting for the key")
    registered.world.car_named("Luna").pair(
        signing_keys.public_hex(), settings.TESLA_DOMAIN
    )
    registered.clock.advance(600)
    expect(row).to_contain_text("Paired", timeout=_PATIENCE_MS)
    expect(row.locator(".good")).to_be_visible()
