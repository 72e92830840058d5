"""A person locks a car, sets a limit, has a sleeping one woken, and lacks a key."""

import re

from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from simulator.world.cars.car import Car
from tests.fixtures.live import LiveConsole, NewPage
from tests.journeys.conftest import Enter
from tokens.services import signing_keys


def control(page: Page, title: str) -> Locator:
    """Return the card of one control."""
    heading = page.get_by_role("heading", name=title, exact=True)
    return page.locator(".control").filter(has=heading)


def is_locked(car: Car) -> bool:
    """Tell whether a simulated car is locked now."""
    return car.condition.body.locked


def told(words: str, by: str) -> re.Pattern[str]:
    """Return what a control shows of a state and of who said so."""
    return re.compile(rf"{words}\s*{by}", re.IGNORECASE)


def test_person_locks_a_car_and_sets_its_limit(
    page: Page, live_console: LiveConsole, alice: User, enter: Enter
) -> None:
    red = live_console.simulator.world.car_named("Red")
    red.condition.body.locked = False
    enter(page, alice, "alice@example.com")
    page.goto(f"/console/vehicle/{red.vin}")
    doors = control(page, "Doors")
    expect(doors).to_contain_text("Nothing has been read yet.")
    doors.get_by_role("button", name="Lock: Doors", exact=True).click()
    expect(doors).to_contain_text(told("Locked", "the car's answer"))
    expect(doors.get_by_text("Done")).to_be_visible()
    assert is_locked(red)

    limit = control(page, "Charge limit")
    limit.get_by_label("Charge limit in percent").fill("73")
    limit.get_by_role("button", name="Set: Charge limit").click()
    expect(limit.get_by_text("Done")).to_be_visible()
    assert red.condition.charging.limit_percent == 73

    question = doors.get_by_text("Anybody beside the car can get in")
    doors.get_by_text("Unlock", exact=True).click()
    expect(question).to_be_visible()
    doors.get_by_role("button", name="Leave it").click()
    expect(question).to_be_hidden()
    doors.get_by_text("Unlock", exact=True).click()
    doors.get_by_role("button", name="Unlock the doors").click()
    expect(doors).to_contain_text(told("Unlocked", "the car's answer"))
    assert not is_locked(red)

    charging = control(page, "Charging")
    charging.get_by_role("button", name="Start: Charging").click()
    expect(charging).to_contain_text("No charging cable is connected")
    lines = page.locator("#commands li")
    expect(lines).to_have_count(4)
    expect(lines.nth(1)).to_contain_text("Unlock the doors")
    expect(lines.nth(2)).to_contain_text(told("Set the charge limit: 73", "%"))
    assert live_console.simulator.billed()["data"] == 0

    # Nothing is read unasked; who asks has the car's own word.
    doors.get_by_role("button", name="Read the car").click()
    expect(doors).to_contain_text(told("Unlocked", "Vehicle Data"))
    assert live_console.simulator.billed()["data"] == 1


def test_sleeping_car_is_woken_and_then_locked(
    page: Page, live_console: LiveConsole, alice: User, enter: Enter
) -> None:
    world = live_console.simulator.world
    world.tempo.wake_delay_s, world.tempo.report_lag_s = 2.0, 0.0
    world.tempo.pairing_lag_s = 0.0
    luna = world.car_named("Luna")
    luna.pair(signing_keys.public_hex(), settings.TESLA_DOMAIN)
    luna.condition.body.locked = False
    assert luna.state == "asleep"
    enter(page, alice, "alice@example.com")
    page.goto(f"/console/vehicle/{luna.vin}")
    expect(page.locator("#state")).to_contain_text("Asleep")
    doors = control(page, "Doors")
    doors.get_by_role("button", name="Lock: Doors", exact=True).click()
    expect(doors).to_contain_text("Waking the car")
    expect(doors).to_contain_text(told("Locked", "the car's answer"))
    assert is_locked(luna)
    expect(page.locator("#state")).to_contain_text("Online")
    expect(control(page, "Connection")).to_contain_text("Awake already")
    assert live_console.simulator.billed()["wakes"] == 1


def test_person_without_the_key_is_told_what_to_do(
    page: Page, live_console: LiveConsole, alice: User, enter: Enter
) -> None:
    world = live_console.simulator.world
    enter(page, alice, "alice@example.com")
    page.goto(f"/console/vehicle/{world.car_named('Luna').vin}")
    doors = control(page, "Doors")
    expect(doors.get_by_role("button", name="Lock: Doors", exact=True)).to_be_disabled()
    doors.get_by_role("link", name="Needs the virtual key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Virtual key")

    # The car knows before Tesla's list does that the key was taken out of it.
    red = world.car_named("Red")
    red.unpair(signing_keys.public_hex())
    page.goto(f"/console/vehicle/{red.vin}")
    doors.get_by_role("button", name="Lock: Doors", exact=True).click()
    expect(doors).to_contain_text("The car does not know this console's key.")
    doors.get_by_role("link", name="Pair the key").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Virtual key")


def test_controls_work_without_javascript(
    new_page: NewPage, live_console: LiveConsole, alice: User, enter: Enter
) -> None:
    plain = new_page(java_script_enabled=False, viewport={"width": 390, "height": 844})
    red = live_console.simulator.world.car_named("Red")
    enter(plain, alice, "alice@example.com")
    plain.goto(f"/console/vehicle/{red.vin}")
    doors = control(plain, "Doors")
    doors.get_by_text("Unlock", exact=True).click()
    doors.get_by_role("button", name="Unlock the doors").click()
    # The page is loaded again by itself until the car has answered.
    expect(doors).to_contain_text(told("Unlocked", "the car's answer"))
    assert plain.url.endswith("#control-doors")
    assert not is_locked(red)
    limit = control(plain, "Charge limit")
    limit.get_by_label("Charge limit in percent").fill("66")
    limit.get_by_role("button", name="Set: Charge limit").click()
    expect(limit).to_contain_text(told("66\N{NO-BREAK SPACE}%", "the car's answer"))
    assert red.condition.charging.limit_percent == 66
