"""The page of one car: asking, waiting, reading, and who may see it."""

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

import console.tasks
from accounts import audit
from accounts.models import User
from console.models import Deletion
from simulator.testing import RunningSimulator
from tests.factories import make_bare_grant, make_vehicle
from tests.vehicles.conftest import Link, lull, paths, rouse
from tests.vehicles.test_summary import READING
from tokens.models import Inquiry
from tokens.services import inquiries
from vehicles import tasks
from vehicles.models import Vehicle, VehicleAccess

ClientOf = Callable[[User], Client]
Rung = Callable[[], list[tuple[str, list[object]]]]
VIN = "5YJ3E1EA4PF000001"
PAGE = f"/console/vehicle/{VIN}"
HTMX = {"HX-Request": "true"}
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def plain(text: str) -> str:
    """Return a page with its values as they are read, without what streams them."""
    return re.sub(r"(<dd>)<span[^>]*>([^<]*)</span>", r"\1\2", text)


@pytest.fixture
def car(alice: User) -> VehicleAccess:
    """Return Alice's access to a car that was read a minute ago."""
    access = make_vehicle(
        make_bare_grant(alice), vin=VIN, state="online", state_at=timezone.now()
    )
    access.vehicle_data = {"vin": VIN, **READING, "tokens": ["secret-one", "two"]}
    access.vehicle_data_at = timezone.now() - timedelta(minutes=1)
    access.save(update_fields=["vehicle_data", "vehicle_data_at"])
    return access


def ask(access: VehicleAccess, endpoint: str = "vehicle_data") -> Inquiry:
    user = access.grant.user
    return inquiries.ask(user, access.grant, endpoint, access.vehicle.vin)


def inquiry_url(asked: Inquiry) -> str:
    return f"/console/vehicle/{asked.subject}/inquiries/{asked.pk}"


def settle(asked: Inquiry, **columns: object) -> Inquiry:
    Inquiry.objects.filter(pk=asked.pk).update(
        **{"state": "answered", "answered_at": timezone.now(), **columns}
    )
    asked.refresh_from_db()
    return asked


def test_vehicle_shows_the_summary_with_ages_and_units(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    page = client_of(alice).get(PAGE, headers={"Accept-Language": "de"})
    text = page.content.decode()
    assert "<h1>Red</h1>" in text
    assert re.search(r"<dt>Range</dt><dd>319\s*<small>km</small>", plain(text))
    assert "Read from the car by Vehicle Data" in text
    assert "1 min ago" in text
    assert "secret-one" not in text
    american = client_of(alice).get(PAGE, headers={"Accept-Language": "en-US"})
    assert "<dd>198 <small>mi</small>" in plain(american.content.decode())


def test_vehicle_prefers_the_persons_own_units(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    alice.units = "imperial"
    alice.save()
    page = client_of(alice).get(PAGE, headers={"Accept-Language": "de"})
    assert "<dd>198 <small>mi</small>" in plain(page.content.decode())


def test_vehicle_shows_json_and_the_equivalent_curl(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    text = client_of(alice).get(f"{PAGE}?show=json").content.decode()
    assert "&quot;battery_level&quot;: 64" in text
    url = f"http://localhost:8000/api/1/vehicles/{VIN}/vehicle_data?endpoints="
    assert url in text
    assert "%3Blocation_data" in text
    assert "secret-one" not in text
    assert 'data-copy-from="#vehicle-json"' in text


def test_vehicle_leaves_the_location_out_of_curl_where_it_is_not_granted(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    car.grant.scopes = ["vehicle_device_data"]
    car.grant.save()
    VehicleAccess.objects.update(vehicle_data={"charge_state": {}})
    text = client_of(alice).get(f"{PAGE}?show=json").content.decode()
    assert "charge_state%3Bclimate_state" in text
    assert "location_data" not in text
    text = client_of(alice).get(PAGE).content.decode()
    assert "You have not granted the scope vehicle_location." in text


def test_vehicle_says_when_the_owner_hides_the_location(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    VehicleAccess.objects.update(hide_private=True, vehicle_data={})
    text = client_of(alice).get(PAGE).content.decode()
    assert "The car&#x27;s owner hides its location from you." in text


def test_vehicle_answers_htmx_with_the_reading_alone(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    text = client_of(alice).get(f"{PAGE}?show=json", headers=HTMX).content.decode()
    assert "<html" not in text
    assert "battery_level" in text
    # A page that comes back has missed a new state, too.
    assert '<div class="row" id="state" hx-swap-oob="true">' in text


def test_vehicle_without_a_reading_teaches(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    VehicleAccess.objects.update(vehicle_data=None, vehicle_data_at=None)
    text = client_of(alice).get(PAGE).content.decode()
    assert "Nothing has been read yet" in text


@pytest.mark.parametrize(
    ("state", "offers"), [("asleep", True), ("offline", True), ("online", False)]
)
def test_vehicle_offers_a_wake_to_a_car_that_is_not_online(
    client_of: ClientOf, alice: User, car: VehicleAccess, *, state: str, offers: bool
) -> None:
    Vehicle.objects.update(state=state)
    text = client_of(alice).get(PAGE).content.decode()
    (button,) = re.findall(r'<button[^>]* value="wake"[^>]*>', text)
    assert (" disabled" not in button) is offers


@pytest.mark.parametrize(
    ("method", "ending"),
    [
        ("get", ""),
        ("get", "/inquiries/{pk}"),
        ("post", "/ask"),
        ("post", "/remove"),
    ],
)
def test_pages_of_a_strangers_car_are_404_like_no_car(
    client_of: ClientOf, charlie: User, car: VehicleAccess, method: str, ending: str
) -> None:
    end = ending.format(pk=ask(car).pk)
    mine = getattr(client_of(car.grant.user), method)
    assert mine(PAGE + end).status_code != 404
    stranger = getattr(client_of(charlie), method)
    lengths = set()
    for vin in (VIN, "5YJ3E1EA4PF999999", "nonsense", "%00", "5YJ3E1EA4PF00000O"):
        response = stranger(f"/console/vehicle/{vin}{end}")
        assert response.status_code == 404
        lengths.add(len(response.content))
    assert len(lengths) == 1


def test_pages_need_a_sign_in(client: Client, car: VehicleAccess) -> None:
    response = client.get(PAGE)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_inquiry_of_somebody_else_is_404(
    client_of: ClientOf, alice: User, bob: User, car: VehicleAccess
) -> None:
    shared = make_vehicle(make_bare_grant(bob), vin=VIN, access_type="DRIVER")
    asked = ask(shared)
    assert client_of(bob).get(inquiry_url(asked)).status_code == 200
    assert client_of(alice).get(inquiry_url(asked)).status_code == 404


def test_bob_the_driver_sees_his_own_readings_only(
    client_of: ClientOf, bob: User, car: VehicleAccess
) -> None:
    shared = make_vehicle(make_bare_grant(bob), vin=VIN, access_type="DRIVER")
    text = client_of(bob).get(PAGE).content.decode()
    assert "<dd>DRIVER</dd>" in text
    assert "Nothing has been read yet" in text
    VehicleAccess.objects.filter(pk=shared.pk).update(
        vehicle_data={"charge_state": {"battery_level": 12}},
        vehicle_data_at=timezone.now(),
    )
    text = client_of(bob).get(PAGE).content.decode()
    assert "<dd>12 <small>%</small>" in plain(text)
    assert "<dd>64 <small>%</small>" not in plain(text)


def test_ask_puts_the_question_and_goes_to_its_page(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    rung: Rung,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]  # a context manager
        response = client_of(alice).post(f"{PAGE}/ask", {"endpoint": "vehicle_data"})
    asked = Inquiry.objects.get()
    assert (response.status_code, response["Location"]) == (302, inquiry_url(asked))
    assert (asked.endpoint, asked.subject, asked.user) == ("vehicle_data", VIN, alice)
    assert rung() == [("vehicles.tasks.ask", [str(asked.pk)])]


def test_ask_by_htmx_answers_the_progress(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    response = client_of(alice).post(
        f"{PAGE}/ask", {"endpoint": "wake_up"}, headers=HTMX
    )
    text = response.content.decode()
    assert "Asking Tesla to wake the car" in text
    assert f'hx-get="{inquiry_url(Inquiry.objects.get())}?seen=asking"' in text
    assert 'hx-trigger="every 1s"' in text
    assert "<html" not in text
    entry = audit.entries_about(alice).get(action="command.sent")
    assert entry.about == ""
    assert entry.detail == {"verb": "wake_up"}


@pytest.mark.parametrize("endpoint", ["", "door_unlock", "fleet_status", "vehicle_dat"])
def test_ask_for_anything_else_is_refused(
    client_of: ClientOf, alice: User, car: VehicleAccess, endpoint: str
) -> None:
    response = client_of(alice).post(f"{PAGE}/ask", {"endpoint": endpoint})
    assert response.status_code == 400
    assert Inquiry.objects.count() == 0


def test_reading_pages_changes_nothing(
    client_of: ClientOf, alice: User, car: VehicleAccess, rung: Rung
) -> None:
    asked = ask(car)
    before = (
        list(Vehicle.objects.values()),
        list(VehicleAccess.objects.values()),
        list(Inquiry.objects.values()),
    )
    for url in (PAGE, f"{PAGE}?show=json", inquiry_url(asked), "/key", f"/key/{VIN}"):
        assert client_of(alice).get(url).status_code in {200, 302}
    after = (
        list(Vehicle.objects.values()),
        list(VehicleAccess.objects.values()),
        list(Inquiry.objects.values()),
    )
    assert before == after
    assert rung() == []


def test_inquiry_waits_with_and_without_javascript(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    asked = ask(car)
    text = client_of(alice).get(inquiry_url(asked)).content.decode()
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in text
    assert "Reading the car" in text
    seen = client_of(alice).get(f"{inquiry_url(asked)}?seen=asking", headers=HTMX)
    assert (seen.status_code, seen.content) == (204, b"")


def test_vehicle_shows_a_question_that_is_under_way(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    asked = ask(car)
    assert "Reading the car" in client_of(alice).get(PAGE).content.decode()
    settle(asked)
    text = client_of(alice).get(PAGE).content.decode()
    assert 'class="progress"' not in text
    assert "http-equiv" not in text


def test_inquiry_says_when_no_worker_picks_it_up(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    asked = ask(car)
    Inquiry.objects.update(asked_at=timezone.now() - timedelta(seconds=30))
    text = (
        client_of(alice)
        .get(f"{inquiry_url(asked)}?seen=asking", headers=HTMX)
        .content.decode()
    )
    assert "the background worker may not be running" in text


def test_inquiry_answered_swaps_reading_state_and_actions_in(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    asked = settle(ask(car))
    text = client_of(alice).get(inquiry_url(asked), headers=HTMX).content.decode()
    assert "hx-trigger" not in text
    for part in ("reading", "state", "facts", "actions"):
        assert re.search(rf'id="{part}" hx-swap-oob="true"', text)


def test_inquiry_about_the_state_says_it(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    asked = settle(ask(car, "vehicle"))
    text = client_of(alice).get(inquiry_url(asked), headers=HTMX).content.decode()
    assert "just now</time>: online." in text


def test_inquiry_failed_says_why_with_teslas_status_under_details(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    asked = settle(
        ask(car),
        state="failed",
        error_title="Tesla's server has a fault",
        error_words="Try again.",
        error_status=503,
        error_code=EVIL,
    )
    text = client_of(alice).get(inquiry_url(asked)).content.decode()
    assert "Tesla&#x27;s server has a fault" in text
    assert "status: 503" in text
    assert "Try again</button>" in text
    assert "<script>alert" not in text
    assert "<h1>Red</h1>" in text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_inquiry_of_a_sleeping_car_offers_one_wake(
    client_of: ClientOf, alice: User, car: VehicleAccess, headers: dict[str, str]
) -> None:
    Vehicle.objects.update(state="asleep")
    asked = settle(ask(car), state="failed", error_title="Asleep", error_status=408)
    text = client_of(alice).get(inquiry_url(asked), headers=headers).content.decode()
    assert 'value="wake_up" data-busy="Waking the car">Wake</button>' in text
    assert text.count('value="wake_up"') == 1


def test_inquiry_of_a_wake_shows_progress_then_gives_up(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    Vehicle.objects.update(state="asleep")
    wake = settle(ask(car, "wake_up"))
    url = inquiry_url(wake)
    text = client_of(alice).get(url, headers=HTMX).content.decode()
    assert "Waking the car, usually 10\u201360 s" in text
    assert client_of(alice).get(f"{url}?seen=waking", headers=HTMX).status_code == 204
    settle(wake, answered_at=timezone.now() - timedelta(minutes=3))
    text = client_of(alice).get(url, headers=HTMX).content.decode()
    assert "The car did not wake" in text
    assert "hx-trigger" not in text
    assert text.count('value="wake_up"') == 1


def test_names_are_text_wherever_they_stand(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    Vehicle.objects.update(name=EVIL, firmware=EVIL[:60], key_paired=False)
    VehicleAccess.objects.update(
        vehicle_data={"charge_state": {"charging_state": EVIL, "battery_level": 1}}
    )
    for url in (PAGE, f"{PAGE}?show=json", "/key", "/console/"):
        text = client_of(alice).get(url).content.decode()
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_pages_have_no_inline_style_or_script(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    Vehicle.objects.update(key_paired=False)
    for url in (PAGE, "/key"):
        text = client_of(alice).get(url).content.decode()
        assert " style=" not in text
        assert "<style" not in text
        assert not re.search(r"\son\w+=", text)


def test_page_of_a_gone_car_offers_to_remove_it(
    client_of: ClientOf, alice: User, car: VehicleAccess
) -> None:
    text = client_of(alice).get(PAGE).content.decode()
    assert f"{PAGE}/remove" not in text
    assert "Command Sign" in text
    VehicleAccess.objects.update(gone_at=timezone.now())
    text = client_of(alice).get(PAGE).content.decode()
    assert "Command Sign" not in text
    assert "Tesla no longer lists this car" in text
    assert f'action="{PAGE}/remove"' in text
    assert 'value="vehicle_data"' not in text


def test_car_taken_from_teslas_list_is_gone_until_it_is_given_back(
    link: Link, client_of: ClientOf, alice: User, registered: RunningSimulator
) -> None:
    grant, client = link(alice), client_of(alice)
    luna = registered.world.car_named("Luna")
    luna.take_from("alice@example.com")
    tasks.sync(str(grant.pk))
    words = "Tesla no longer lists this car"
    page = f"/console/vehicle/{luna.vin}"
    for url in ("/console/", page):
        text = client.get(url).content.decode()
        assert text.count(words) == 1
        assert text.count(f'action="{page}/remove"') == 1
    luna.give_back("alice@example.com")
    tasks.sync(str(grant.pk))
    assert words not in client.get(page).content.decode()
    luna.take_from("alice@example.com")
    tasks.sync(str(grant.pk))
    answer = client.post(f"{page}/remove", follow=True)
    assert "Luna is being removed" in answer.content.decode()
    console.tasks.delete(str(Deletion.objects.get().pk))
    assert client.get(page).status_code == 404


def test_vehicle_costs_the_same_queries_with_one_and_ten_cars(
    client_of: ClientOf,
    alice: User,
    car: VehicleAccess,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client = client_of(alice)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as one:
        client.get(PAGE)
    for number in range(9):
        make_vehicle(car.grant, vin=f"5YJ3E1EA4PF1000{number:02}")
    with django_assert_num_queries(len(one)):
        client.get(PAGE)


def test_journey_without_javascript_from_asleep_to_read(
    link: Link,
    client_of: ClientOf,
    alice: User,
    registered: RunningSimulator,
    eager: None,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    link(alice)
    rouse(registered, "Luna")
    lull(registered, "Luna")
    access = VehicleAccess.objects.of(alice).get(vehicle__name="Luna")
    url, client = f"/console/vehicle/{access.vehicle.vin}", client_of(alice)

    def press(endpoint: str) -> str:
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]  # a context manager
            response = client.post(f"{url}/ask", {"endpoint": endpoint})
        return client.get(response["Location"]).content.decode()

    text = press("vehicle_data")
    assert "The car is asleep or out of reach" in text
    assert paths(registered, "/wake_up") == []
    text = press("wake_up")
    assert "Waking the car" in text
    registered.clock.advance(90)
    wake = Inquiry.objects.get(endpoint="wake_up")
    tasks.follow_wake(str(wake.pk), 1)
    text = client.get(inquiry_url(wake)).content.decode()
    assert 'class="progress"' not in text
    reading = VehicleAccess.objects.get(pk=access.pk).vehicle_data
    assert reading is not None
    battery = json.dumps(reading["charge_state"]["battery_level"])
    assert f"<dt>Battery</dt><dd>{battery} <small>%</small>" in plain(text)
