"""The whole way: a car that drives, its values on the screen, in streams, in webhooks."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from standardwebhooks.webhooks import Webhook

from accounts.models import User
from simulator.world.cars.car import Car
from simulator.world.cars.outing import drive_now
from tests.factories import PASSWORD
from tests.fixtures.live import LiveConsole
from tests.journeys.conftest import Enter
from tests.journeys.receiver import Receiver
from tests.journeys.steps import wait_until
from tests.journeys.test_live import READING
from tests.telemetry.stream.listening import Line
from tokens.services import access_tokens, signing_keys
from vehicles.models import VehicleAccess
from webhooks.models import Delivery

LIGHTS = ("accepted", "slot", "fetched", "connected", "value")


@pytest.fixture
def red(streaming: LiveConsole) -> Car:
    """Return Red, parked, awake and with the key."""
    world = streaming.simulator.world
    tempo = world.tempo
    tempo.wake_delay_s = tempo.report_lag_s = tempo.pairing_lag_s = 0.0
    car = world.car_named("Red")
    car.pair(signing_keys.public_hex(), settings.TESLA_DOMAIN)
    car.wake_up()
    return car


@pytest.fixture
def listener(streaming: LiveConsole, alice: User) -> Iterator[Line]:
    """Return a program of Alice's that reads `/sse` over a bare socket."""
    _, token = access_tokens.issue(alice, "curl")
    with Line(urlsplit(streaming.url).port or 0, "/sse", token=token) as line:
        yield line.begin()


def signal(page: Page, name: str) -> Locator:
    """Return where a signal is shown first."""
    return page.locator(f'[data-live-signal="{name}"]').first


def configure(page: Page, red: Car) -> None:
    """Choose a preset and watch the five lights come on."""
    page.goto(f"/console/vehicle/{red.vin}")
    page.get_by_role("link", name="Telemetry", exact=True).click()
    page.get_by_role("heading", name="Location", exact=True).first.click()
    page.get_by_role("button", name="Send to the car").click()
    for name in LIGHTS:
        expect(page.locator(f"#light-{name}")).to_have_class("lit")


def add_webhook(page: Page, receiver: Receiver) -> str:
    """Add a webhook by its form; return the secret that is shown once."""
    page.goto("/console/webhooks/add")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Address").fill(receiver.url)
    page.get_by_role("button", name="Add webhook").click()
    return page.locator("#secret-text").inner_text()


def follow_the_drive(page: Page, red: Car) -> None:
    """See values change on the page of the stream and on that of the car."""
    expect(signal(page, "VehicleSpeed")).to_have_text("0")
    drive_now(red)
    # Five minutes on, where it is fast.
    red.settle()
    red.condition.skipped_s += 300
    expect(signal(page, "VehicleSpeed")).not_to_have_text("0")
    expect(signal(page, "Gear")).to_contain_text("D")
    page.goto(f"/console/vehicle/{red.vin}")
    expect(signal(page, "Gear")).to_have_text("Drive")
    speed = signal(page, "VehicleSpeed")
    before = speed.inner_text()
    expect(speed).not_to_have_text(before)


def heard(line: Line, receiver: Receiver) -> bool:
    """Tell whether the stream has what the receiver was told in one of its requests."""
    told = [body.decode() for _, body in receiver.came]
    while True:
        text = line.line()
        if text.removeprefix("data: ") in told:
            return True


@pytest.mark.usefixtures("deliverer")
def test_drive_is_on_the_screen_in_the_stream_and_at_a_receiver(
    page: Page,
    alice: User,
    enter: Enter,
    red: Car,
    receiver: Receiver,
    streaming: LiveConsole,
    listener: Line,
) -> None:
    enter(page, alice, "alice@example.com")
    VehicleAccess.objects.filter(vehicle__vin=red.vin).update(
        vehicle_data=READING, vehicle_data_at="2026-01-01T00:00:00Z"
    )
    configure(page, red)
    there = page.url
    secret = add_webhook(page, receiver)
    page.goto(there)
    follow_the_drive(page, red)
    wait_until(
        page, lambda: any(b'"VehicleSpeed"' in body for _, body in receiver.came)
    )
    for headers, body in list(receiver.came):
        Webhook(secret).verify(body, headers)
    assert heard(listener, receiver)

    receiver.status = 503
    streaming.simulator.hub.mishaps.append((red.vin, "alert"))
    alert = Delivery.objects.filter(message__topic="alerts")
    wait_until(page, alert.filter(tries__gt=0).exists)
    # It failed for good, so that nothing but the button sends it again.
    alert.update(state=Delivery.State.FAILED, done_at=timezone.now())
    receiver.status = 200
    missed = alert.get()
    page.goto(f"/console/webhooks/{missed.endpoint_id}/deliveries/{missed.pk}")
    expect(page.get_by_text("Try 1: 503")).to_be_visible()
    page.get_by_role("button", name="Resend").click()
    expect(page.get_by_text("Try 2: 200")).to_be_visible()
    alerts = [one for one in receiver.came if b'"alerts"' in one[1]]
    assert len(alerts) == 2
    for headers, body in alerts:
        Webhook(secret).verify(body, headers)
    assert len({headers["webhook-id"] for headers, _ in alerts}) == 1
