"""A person has a car stream: a preset, its cost, five lights, values that change."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from events import channel, shapes
from events.event import Entry, Event
from simulator.world.cars.car import Car
from tests.fixtures.live import LiveConsole, NewPage
from tests.journeys.conftest import Enter
from tests.journeys.steps import wait_until
from tokens.services import signing_keys

Tell = Callable[[User, Event], None]


@pytest.fixture
def red(live_console: LiveConsole) -> Car:
    """Return Red, awake and with the key."""
    world = live_console.simulator.world
    tempo = world.tempo
    tempo.wake_delay_s = tempo.report_lag_s = tempo.pairing_lag_s = 0.0
    car = world.car_named("Red")
    car.pair(signing_keys.public_hex(), settings.TESLA_DOMAIN)
    car.wake_up()
    return car


@pytest.fixture
def tell(live_console: LiveConsole) -> Tell:
    """Return a function that tells an account what a car said, as the receiver does."""

    def do(user: User, event: Event) -> None:
        with redis.Redis.from_url(live_console.redis_url) as client:
            channel.publish(client, [Entry(user.pk, event)])

    return do


def light(page: Page, name: str) -> Locator:
    """Return one of the five lights."""
    return page.locator(f"#light-{name}")


def now_ms() -> int:
    """Return this moment in milliseconds since 1970."""
    return int(time.time() * 1000)


def streamed(console: LiveConsole, car: Car) -> Any:
    """Return the fields that Tesla has for a car, None for none."""
    configs = console.simulator.hub.store.configs
    kept = configs.get((settings.TESLA_CLIENT_ID, car.vin))
    return kept.config["fields"] if kept else None


def test_person_has_a_car_stream_and_watches_it_come_to_life(
    page: Page,
    live_console: LiveConsole,
    alice: User,
    enter: Enter,
    red: Car,
    tell: Tell,
) -> None:
    enter(page, alice, "alice@example.com")
    page.goto(f"/console/vehicle/{red.vin}")
    page.get_by_role("link", name="Telemetry", exact=True).click()
    expect(page.get_by_text("This car streams nothing yet")).to_be_visible()
    page.get_by_role("heading", name="Charging", exact=True).first.click()
    cost = page.locator("#cost strong")
    expect(cost).to_contain_text("about $")
    before = cost.inner_text()
    page.get_by_label("Search the fields").fill("speed")
    page.get_by_role("checkbox", name="Vehicle speed").check()
    expect(cost).not_to_have_text(before)
    page.get_by_role("button", name="Send to the car").click()

    for name in ("accepted", "slot", "fetched"):
        expect(light(page, name)).to_have_class("lit")
    expect(light(page, "connected")).to_contain_text("Waiting for the car to connect")
    assert {"VehicleSpeed", "BatteryLevel"} <= streamed(live_console, red).keys()
    tell(alice, shapes.connectivity(red.vin, "wifi", True, now_ms()))  # noqa: FBT003
    expect(light(page, "connected")).to_have_class("lit")
    tell(alice, shapes.data(red.vin, {"VehicleSpeed": 31.0}, now_ms()))
    expect(light(page, "value")).to_have_class("lit")
    speed = page.locator("[data-live-signal=VehicleSpeed]")
    expect(speed).to_have_text("31")
    tell(alice, shapes.data(red.vin, {"VehicleSpeed": 44.5}, now_ms()))
    expect(speed).to_have_text("45")

    page.locator("summary", has_text="Remove").click()
    page.get_by_role("button", name="Remove the streaming").click()
    expect(page.get_by_text("This car streams nothing yet")).to_be_visible()
    wait_until(page, lambda: streamed(live_console, red) is None)


def test_refused_car_says_why_and_goes_on_by_itself(
    page: Page, live_console: LiveConsole, alice: User, enter: Enter, red: Car
) -> None:
    red.unpair(signing_keys.public_hex())
    enter(page, alice, "alice@example.com")
    page.goto(f"/console/vehicle/{red.vin}/telemetry?preset=climate")
    page.get_by_role("button", name="Send to the car").click()
    expect(light(page, "accepted")).to_contain_text("does not have the virtual key")
    light(page, "accepted").get_by_role("link", name="Pair the key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Virtual key")


def test_streaming_is_set_without_javascript_on_a_phone(
    new_page: NewPage, live_console: LiveConsole, alice: User, enter: Enter, red: Car
) -> None:
    phone = new_page(java_script_enabled=False, viewport={"width": 360, "height": 740})
    enter(phone, alice, "alice@example.com")
    phone.goto(f"/console/vehicle/{red.vin}/telemetry?preset=location")
    phone.get_by_role("button", name="Reckon the cost").click()
    expect(phone.locator("#cost strong")).to_contain_text("about $")
    phone.get_by_role("button", name="Send to the car").click()
    # The page is loaded again by itself until all lights are lit.
    expect(light(phone, "fetched")).to_have_class("lit")
    assert "Location" in streamed(live_console, red)
    wide = phone.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
