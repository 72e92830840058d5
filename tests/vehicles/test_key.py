"""The virtual key page: who is paired, who is not, and how it turns green by itself."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.factories import make_bare_grant, make_vehicle
from tests.vehicles.conftest import Link, paths
from tokens.models import Inquiry, TeslaGrant
from tokens.services import signing_keys
from vehicles import tasks
from vehicles.models import Vehicle, VehicleAccess
from vehicles.services import keys

ClientOf = Callable[[User], Client]
Rung = Callable[[], list[tuple[str, list[object]]]]
VIN = "5YJ3E1EA4PF000001"
HTMX = {"HX-Request": "true"}


def row_of(page: str, vin: str) -> str:
    """Return the part of the key page that is about one car."""
    found = re.search(
        rf'<article class="card" id="key-{vin}".*?</article>', page, re.DOTALL
    )
    assert found
    return found.group()


@pytest.fixture
def luna(link: Link, alice: User) -> VehicleAccess:
    """Return Alice's access to Luna, which lacks the key."""
    link(alice)
    return VehicleAccess.objects.of(alice).get(vehicle__name="Luna")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Let the time of this process stand still until it is moved."""
    with time_machine.travel(datetime.now(UTC), tick=False) as coordinates:
        yield coordinates


def test_key_shows_each_car_with_what_is_to_be_done(
    client_of: ClientOf, alice: User
) -> None:
    grant = make_bare_grant(alice)
    now = timezone.now()
    cars: dict[str, dict[str, Any]] = {
        "Paired": {"key_paired": True, "protocol_required": True},
        "Missing": {"key_paired": False, "protocol_required": True},
        "Old": {"key_paired": False, "protocol_required": False},
        "Toggle": {"protocol_required": False, "safety_screen_streaming_toggle": False},
        "Unknown": {"protocol_required": True},
    }
    for number, (name, facts) in enumerate(cars.items()):
        vin = f"5YJ3E1EA4PF00000{number}"
        make_vehicle(grant, vin=vin, name=name, fleet_status_at=now, **facts)
    page = client_of(alice).get("/key").content.decode()
    rows = {number: row_of(page, f"5YJ3E1EA4PF00000{number}") for number in range(5)}
    words = ["Paired", "Pair now", "Not needed", "Not needed", "Cannot tell"]
    for number, word in enumerate(words):
        assert f"{word}</strong>" in rows[number]
    assert "a switch in the car" in rows[3]
    assert "It is off." in rows[3]
    assert ["data:image/svg" in row for row in rows.values()] == [
        False,
        True,
        False,
        False,
        True,
    ]


def test_key_links_to_the_pairing_page_of_tesla(
    client_of: ClientOf, alice: User
) -> None:
    make_vehicle(make_bare_grant(alice), vin=VIN, key_paired=False)
    page = client_of(alice).get("/key").content.decode()
    domain = quote(settings.TESLA_DOMAIN)
    base = settings.TESLA_HOSTS.pairing_url
    assert f'href="{base}/{domain}?vin={VIN}"' in page


def test_key_starts_to_check_when_the_page_is_loaded(
    client_of: ClientOf, alice: User
) -> None:
    make_vehicle(make_bare_grant(alice), vin=VIN, key_paired=False)
    row = row_of(client_of(alice).get("/key").content.decode(), VIN)
    assert f'hx-post="/key/{VIN}/check" hx-trigger="load, submit"' in row
    assert "every 2s" not in row


def test_key_leaves_out_guests_and_the_gone(client_of: ClientOf, alice: User) -> None:
    grant = make_bare_grant(alice)
    make_vehicle(grant, vin="5YJ3E1EA4PF000002", access_type="GUEST", name="Lent")
    gone = make_vehicle(grant, vin="5YJ3E1EA4PF000003", name="Sold")
    VehicleAccess.objects.filter(pk=gone.pk).update(gone_at=timezone.now())
    page = client_of(alice).get("/key").content.decode()
    assert "Lent" not in page
    assert "Sold" not in page
    assert "No car to pair" in page


def test_key_of_strangers_cars_is_404(
    client_of: ClientOf, alice: User, bob: User, charlie: User
) -> None:
    make_vehicle(make_bare_grant(alice), vin=VIN, key_paired=False)
    make_vehicle(make_bare_grant(bob), vin=VIN, access_type="GUEST")
    assert client_of(alice).get(f"/key/{VIN}", headers=HTMX).status_code == 200
    for person in (bob, charlie):
        assert VIN not in client_of(person).get("/key").content.decode()
        assert client_of(person).get(f"/key/{VIN}", headers=HTMX).status_code == 404
        assert client_of(person).post(f"/key/{VIN}/check").status_code == 404
    assert client_of(alice).get("/key/nonsense").status_code == 404
    assert Vehicle.objects.get().key_watched_at is None


def test_key_needs_a_sign_in(client: Client, db: None) -> None:
    assert client.get("/key").status_code == 302


def test_key_check_without_javascript_goes_back_and_refreshes(
    client_of: ClientOf, alice: User
) -> None:
    make_vehicle(make_bare_grant(alice), vin=VIN, key_paired=False)
    client = client_of(alice)
    assert "http-equiv" not in client.get("/key").content.decode()
    response = client.post(f"/key/{VIN}/check")
    assert (response.status_code, response["Location"]) == (302, "/key")
    page = client.get("/key").content.decode()
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert client.get(f"/key/{VIN}")["Location"] == "/key"


def test_key_turns_green_by_itself(
    luna: VehicleAccess,
    client_of: ClientOf,
    alice: User,
    registered: RunningSimulator,
    clock: time_machine.Traveller,
) -> None:
    vin, client = luna.vehicle.vin, client_of(alice)
    clock.shift(60)
    row = client.post(f"/key/{vin}/check", headers=HTMX).content.decode()
    url = re.search(r'hx-get="([^"]+)" hx-trigger="every 2s"', row)
    assert url
    address = url.group(1).replace("&amp;", "&")
    assert client.get(address, headers=HTMX).status_code == 204
    tasks.check_key(str(luna.pk))
    answer = client.get(address, headers=HTMX)
    assert "Waiting for the key" in answer.content.decode()
    registered.world.car_named("Luna").pair(
        signing_keys.public_hex(), settings.TESLA_DOMAIN
    )
    registered.clock.advance(600)
    clock.shift(10)
    tasks.check_key(str(luna.pk))
    green = client.get(address, headers=HTMX).content.decode()
    assert "Paired</strong>" in green
    assert 'push good"' in green
    assert "hx-trigger" not in green


def test_key_watched_for_its_whole_time_asks_tesla_seldom(
    luna: VehicleAccess,
    client_of: ClientOf,
    alice: User,
    registered: RunningSimulator,
    clock: time_machine.Traveller,
    rung: Rung,
) -> None:
    vin, client = luna.vehicle.vin, client_of(alice)
    clock.shift(60)
    before = len(paths(registered, "/fleet_status"))
    for _tab in range(5):
        client.post(f"/key/{vin}/check", headers=HTMX)
    for _second in range(310):
        client.get(f"/key/{vin}?seen=nothing", headers=HTMX)
        tasks.check_key(str(luna.pk))
        clock.shift(1)
    asked = len(paths(registered, "/fleet_status")) - before
    assert asked == 14
    page = client.get("/key").content.decode()
    assert "Check now" in row_of(page, vin)
    # Each check rings for the next one; none is rung for after the watch.
    assert [name for name, _ in rung()].count("vehicles.tasks.check_key") >= asked


def test_key_check_opened_again_and_again_keeps_the_pause(
    luna: VehicleAccess,
    client_of: ClientOf,
    alice: User,
    registered: RunningSimulator,
    clock: time_machine.Traveller,
) -> None:
    before = len(paths(registered, "/fleet_status"))
    clock.shift(60)
    for _second in range(20):
        client_of(alice).post(f"/key/{luna.vehicle.vin}/check", headers=HTMX)
        tasks.check_key(str(luna.pk))
        clock.shift(1)
    assert len(paths(registered, "/fleet_status")) - before == 4


def test_check_key_that_fails_says_so_in_plain_words(
    luna: VehicleAccess,
    client_of: ClientOf,
    alice: User,
    registered: RunningSimulator,
    rung: Rung,
) -> None:
    Vehicle.objects.update(fleet_status_at=timezone.now() - timedelta(minutes=1))
    registered.faults.add("html", "*/fleet_status")
    client = client_of(alice)
    client.post(f"/key/{luna.vehicle.vin}/check")
    tasks.check_key(str(luna.pk))
    row = row_of(client.get("/key").content.decode(), luna.vehicle.vin)
    assert "Tesla&#x27;s answer cannot be read." in row
    assert "Pair now" in row
    assert rung()[-1] == ("vehicles.tasks.check_key", [str(luna.pk)])
    registered.faults.clear()
    Vehicle.objects.update(key_check_at=timezone.now())
    tasks.check_key(str(luna.pk))
    row = row_of(client.get("/key").content.decode(), luna.vehicle.vin)
    assert "cannot be read" not in row


def test_check_key_with_a_grant_that_needs_relink_says_so(
    luna: VehicleAccess, client_of: ClientOf, alice: User
) -> None:
    TeslaGrant.objects.update(
        state="needs_relink", tesla_access_token_expires_at=timezone.now()
    )
    keys.watch(luna.vehicle, timezone.now())
    Vehicle.objects.update(key_check_at=timezone.now())
    tasks.check_key(str(luna.pk))
    assert Inquiry.objects.get().error_title == "Link your Tesla account again"


def test_check_key_of_a_gone_car_does_nothing(
    luna: VehicleAccess, registered: RunningSimulator
) -> None:
    keys.watch(luna.vehicle, timezone.now())
    VehicleAccess.objects.update(gone_at=timezone.now())
    calls = len(registered.calls)
    tasks.check_key(str(luna.pk))
    assert len(registered.calls) == calls


def test_key_costs_the_same_queries_with_one_and_ten_cars(
    client_of: ClientOf,
    alice: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    grant, client = make_bare_grant(alice), client_of(alice)
    make_vehicle(grant, vin=VIN, key_paired=False)
    client.get("/key")
    with CaptureQueriesContext(connection) as one:
        client.get("/key")
    for number in range(9):
        make_vehicle(grant, vin=f"5YJ3E1EA4PF1000{number:02}", key_paired=False)
    with django_assert_num_queries(len(one)):
        client.get("/key")
