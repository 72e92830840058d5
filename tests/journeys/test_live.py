"""A car's values, state and bar follow its stream, on its page and on the dashboard."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import redis
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from accounts.models import User
from events import channel, shapes
from events.event import Entry, Event
from tests.fixtures.live import LiveConsole
from tests.journeys.conftest import Enter
from tests.vehicles.controls.making import under_way
from vehicles.models import Command, Vehicle, VehicleAccess

# A part that changes as a whole is loaded anew after REFRESH_MS of refresh.js.
REFRESHED_MS = 1_800
READING: dict[str, Any] = {
    "charge_state": {
        "battery_level": 64,
        "charge_limit_soc": 80,
        "charging_state": "Disconnected",
    },
    "vehicle_state": {"locked": True, "odometer": 21407.0},
    "drive_state": {"speed": None, "shift_state": None},
}


class Car:
    """A car that streams to one account of the running console."""

    def __init__(self, client: "redis.Redis", account_id: UUID, vin: str) -> None:
        self._client, self._account_id, self.vin = client, account_id, vin

    def tells(self, **values: Any) -> None:
        """Stream values that were born now."""
        self.publish(shapes.data(self.vin, values, _now_ms()))

    def is_(self, state: str) -> None:
        """Let the console have seen the car in a state."""
        self.publish(shapes.state(self.vin, state, _now_ms()))

    def publish(self, event: Event) -> None:
        """Tell the account an event."""
        channel.publish(self._client, [Entry(self._account_id, event)])


def _now_ms() -> int:
    return int(time.time() * 1000)


@pytest.fixture
def red(
    live_console: LiveConsole, alice: User, page: Page, enter: Enter
) -> Iterator[Car]:
    """Return Alice's car Red, read an hour ago, and a page that is signed in."""
    enter(page, alice, "alice@example.com")
    vehicle = Vehicle.objects.get(name="Red")
    VehicleAccess.objects.filter(vehicle=vehicle).update(
        vehicle_data=READING, vehicle_data_at="2026-01-01T00:00:00Z"
    )
    with redis.Redis.from_url(live_console.redis_url) as client:
        yield Car(client, alice.pk, vehicle.vin)


def listens(page: Page, address: str) -> None:
    """Open a page and wait until its stream is there."""
    with page.expect_response(lambda answer: "/console/stream" in answer.url) as found:
        page.goto(address)
    assert found.value.status == 200


def signal(page: Page, name: str) -> Locator:
    """Return where a signal is shown."""
    return page.locator(f'[data-live-signal="{name}"]')


def test_values_of_a_car_follow_its_stream(page: Page, red: Car) -> None:
    listens(page, f"/console/vehicle/{red.vin}")
    battery = page.locator('dd [data-live-signal="BatteryLevel"]')
    expect(battery).to_have_text("64")
    assert page.locator("svg.battery .level").get_attribute("width") == "64%"
    red.tells(BatteryLevel=63.4, Locked=False, Odometer=21408.6, Gear="ShiftStateD")
    expect(battery).to_have_text("63")
    sheet = page.locator("#reading")
    expect(sheet.locator('[data-live-signal="Locked"]')).to_have_text("Unlocked")
    expect(sheet.locator('[data-live-signal="Odometer"]')).to_have_text(
        "21\N{NARROW NO-BREAK SPACE}409"
    )
    expect(sheet.locator('[data-live-signal="Gear"]')).to_have_text("Drive")
    assert page.locator("svg.battery .level").get_attribute("width") == "63%"
    expect(page.locator("dd", has=signal(page, "BatteryLevel"))).to_contain_text(
        "streamed just now"
    )
    red.tells(BatteryLevel=None)
    expect(battery).to_have_text("—")
    nothing = "The car has no value for this now."
    expect(page.locator("dd", has=signal(page, "BatteryLevel"))).to_contain_text(
        nothing
    )
    page.reload()
    expect(page.locator("dd", has=signal(page, "BatteryLevel"))).to_contain_text(
        nothing
    )
    expect(sheet.locator('[data-live-signal="Locked"]')).to_have_text("Unlocked")
    expect(page.locator("dd", has=signal(page, "Locked"))).to_contain_text("streamed")


def test_controls_of_a_car_follow_its_stream(page: Page, red: Car) -> None:
    listens(page, f"/console/vehicle/{red.vin}")
    doors, limit = page.locator("#control-doors"), page.locator("#control-limit")
    expect(doors).to_contain_text("Vehicle Data")
    red.tells(Locked=False, ChargeLimitSoc=70)
    expect(doors.locator("b")).to_have_text("Unlocked")
    expect(doors).to_contain_text("streamed")
    expect(limit.locator("input[name=percent]")).to_have_value("70")
    # What somebody is just typing is not taken from them.
    limit.locator("input[name=percent]").fill("75")
    limit.locator("input[name=percent]").blur()
    with page.expect_response(lambda answer: "/console/vehicle/" in answer.url):
        red.tells(Locked=True, SentryMode="SentryModeStateOff")
    page.wait_for_timeout(300)
    expect(limit.locator("input[name=percent]")).to_have_value("75")
    expect(doors.locator("b")).to_have_text("Unlocked")
    limit.locator("input[name=percent]").fill("70")
    limit.locator("input[name=percent]").blur()
    expect(doors.locator("b")).to_have_text("Locked")


def test_part_that_is_used_while_it_is_loaded_waits(page: Page, red: Car) -> None:
    listens(page, f"/console/vehicle/{red.vin}")
    doors, percent = (
        page.locator("#control-doors b"),
        page.locator("input[name=percent]"),
    )
    held: list[Route] = []
    page.route("**/controls", lambda route: held.append(route))  # noqa: PLW0108  # Playwright marks it
    with page.expect_request("**/controls"):
        red.tells(Locked=False)
    percent.fill("75")
    percent.blur()
    with page.expect_response("**/controls"):
        held[0].continue_()
    page.unroute("**/controls")
    page.wait_for_timeout(300)
    expect(percent).to_have_value("75")
    percent.fill("80")
    percent.blur()
    expect(doors).to_have_text("Unlocked")


def test_command_on_its_way_is_followed_by_its_own_control(
    page: Page, red: Car
) -> None:
    sent = under_way(VehicleAccess.objects.get(vehicle__vin=red.vin))
    listens(page, f"/console/vehicle/{red.vin}")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    red.tells(Locked=True)
    page.wait_for_timeout(REFRESHED_MS)
    assert [one for one in asked if one.endswith("/controls")] == []
    Command.objects.filter(pk=sent.pk).update(
        state="done", result=True, answered_at=timezone.now()
    )
    expect(page.locator("#commands")).to_contain_text("Done")
    expect(page.locator("#control-doors b")).to_have_text("Locked")


def test_json_that_was_asked_for_is_not_replaced(page: Page, red: Car) -> None:
    listens(page, f"/console/vehicle/{red.vin}")
    red.tells(Version="2026.1", BatteryLevel=63)
    expect(page.locator('dd [data-live-signal="BatteryLevel"]')).to_have_text("63")
    page.get_by_role("link", name="JSON").click()
    expect(page.locator("#vehicle-json")).to_be_visible()
    page.locator("h1").click()
    page.wait_for_timeout(REFRESHED_MS)
    expect(page.locator("#vehicle-json")).to_be_visible()


def test_old_news_changes_nothing(page: Page, red: Car) -> None:
    listens(page, f"/console/vehicle/{red.vin}")
    red.publish(shapes.data(red.vin, {"BatteryLevel": 11}, 1_600_000_000_000))
    red.tells(Odometer=30000)
    expect(page.locator('dd [data-live-signal="Odometer"]')).to_contain_text("30")
    expect(page.locator('dd [data-live-signal="BatteryLevel"]')).to_have_text("64")


def test_part_that_changes_as_a_whole_is_loaded_anew(page: Page, red: Car) -> None:
    listens(page, f"/console/vehicle/{red.vin}")
    red.tells(
        DetailedChargeState="DetailedChargeStateCharging",
        ACChargingPower=11,
        ChargerVoltage=230,
    )
    sheet = page.locator("#reading")
    expect(sheet.locator('[data-live-signal="ChargerVoltage"]')).to_have_text("230")
    expect(sheet.get_by_text("11", exact=True).first).to_be_visible()


def test_dashboard_follows_all_cars(page: Page, red: Car) -> None:
    listens(page, "/console/")
    card = page.locator(f"#car-{red.vin}")
    red.is_("asleep")
    expect(card.locator("[data-live-state]")).to_have_text("Asleep")
    red.tells(BatteryLevel=52)
    expect(card.locator('[data-live-signal="BatteryLevel"]')).to_have_text("52")
    red.is_("online")
    expect(card.locator("[data-live-state]")).to_have_text("Online")


HIDE = """hidden => {
    Object.defineProperty(document, "hidden", {value: !!hidden, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_hidden_page_closes_its_stream_and_catches_up(page: Page, red: Car) -> None:
    listens(page, f"/console/vehicle/{red.vin}")
    page.evaluate(HIDE, 1)
    red.tells(BatteryLevel=41)
    with page.expect_response(lambda answer: "/console/stream" in answer.url):
        page.evaluate(HIDE, 0)
    battery = page.locator('dd [data-live-signal="BatteryLevel"]')
    expect(battery).to_have_text("41")


def test_page_loaded_in_the_background_catches_up(page: Page, red: Car) -> None:
    page.add_init_script(f"({HIDE})(1)")
    page.goto(f"/console/vehicle/{red.vin}")
    battery = page.locator('dd [data-live-signal="BatteryLevel"]')
    expect(battery).to_have_text("64")
    red.tells(BatteryLevel=41)
    with page.expect_response(lambda answer: "/console/stream" in answer.url):
        page.evaluate(HIDE, 0)
    expect(battery).to_have_text("41")


def test_page_that_was_refused_at_first_catches_up(page: Page, red: Car) -> None:
    stream = "**/console/stream?*"
    page.route(stream, lambda route: route.fulfill(status=503), times=1)
    with page.expect_response(stream) as refused:
        page.goto(f"/console/vehicle/{red.vin}")
    assert refused.value.status == 503
    battery = page.locator('dd [data-live-signal="BatteryLevel"]')
    expect(battery).to_have_text("64")
    # Before the second try, 2 s later, unless the machine is slow.
    red.tells(BatteryLevel=41)
    expect(battery).to_have_text("41")


def test_page_that_was_there_from_the_first_is_not_loaded_anew(
    page: Page, red: Car
) -> None:
    # However slow the machine is.
    page.add_init_script("performance.now = () => 0")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    listens(page, f"/console/vehicle/{red.vin}")
    page.wait_for_timeout(REFRESHED_MS)
    assert [one for one in asked if one.endswith("/controls")] == []
