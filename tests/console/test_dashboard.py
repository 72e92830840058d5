"""The dashboard: what needs the person, what they own, handed out and granted."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from console.models import Heartbeat
from energy.models import SiteAccess
from tests.factories import (
    SCOPES,
    make_bare_grant,
    make_energy_site,
    make_heartbeat,
    make_vehicle,
)
from tokens.models import AccessToken, Spending, TeslaGrant
from tokens.services import access_tokens, spending
from vehicles.models import VehicleAccess

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
Browser = Callable[[User], Client]
Rung = Callable[[], list[tuple[str, list[object]]]]


@pytest.fixture(autouse=True)
def _worker_beats() -> None:
    make_heartbeat(timezone.now() + timedelta(days=365))


def make_grant_read_before(
    user: User, *, scopes: tuple[str, ...] = SCOPES, **fields: object
) -> TeslaGrant:
    """Make a grant whose lists were read five minutes ago."""
    grant = make_bare_grant(user, scopes=scopes)
    read_at = timezone.now() - timedelta(minutes=5)
    changes = {"synced_vehicles_at": read_at, "synced_energy_at": read_at} | fields
    TeslaGrant.objects.filter(pk=grant.pk).update(**changes)
    grant.refresh_from_db()
    return grant


def text_of(page: str) -> str:
    """Return the words of a page's main part, one blank between them."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


def look(browser: Client, query: str = "") -> str:
    response = browser.get(f"/console/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_dashboard_of_a_stranger_leads_to_the_sign_in(client: Client) -> None:
    response = client.get("/console/")
    assert response["Location"] == "/accounts/login/?next=/console/"


def test_dashboard_teaches_who_has_nothing(client_of: Browser, charlie: User) -> None:
    page = look(client_of(charlie))
    titles = re.findall(r"<h3>([^<]+)</h3>", page)
    assert titles == [
        "Your cars will stand here",
        "Your energy sites will stand here",
        "No program may call yet",
        "Nothing is granted yet",
    ]
    assert page.count("<h1>") == 1
    assert "Link a Tesla account" in page
    assert 'action="/console/refresh"' not in page


def test_dashboard_shows_everything_in_its_order(
    client_of: Browser, alice: User
) -> None:
    grant = make_grant_read_before(alice)
    make_vehicle(grant, name="Luna", key_paired=False, protocol_required=True)
    make_energy_site(grant, name="Home")
    access_tokens.issue(alice, "Home Assistant")
    words = text_of(look(client_of(alice)))
    parts = [
        "Luna has no virtual key yet.",
        "Vehicles 1 car",
        "5YJ3E1EA4PF000001",
        "Energy sites 1 site",
        "Home",
        "Access tokens 1 of 10",
        "Home Assistant",
        "Scopes",
        "Vehicle location",
    ]
    places = [words.index(part) for part in parts]
    assert places == sorted(places)
    assert "Pair Luna" in words


def test_dashboard_shows_nobody_elses_things(
    client_of: Browser, alice: User, charlie: User
) -> None:
    grant = make_grant_read_before(alice)
    make_vehicle(grant, name="Red")
    make_energy_site(grant, name="Lakehouse")
    access_tokens.issue(alice, "Alice's script")
    mine = ["5YJ3E1EA4PF000001", "Lakehouse", "Alice&#x27;s script"]
    of_alice, of_charlie = look(client_of(alice)), look(client_of(charlie))
    assert [part in of_alice for part in mine] == [True, True, True]
    assert [part in of_charlie for part in mine] == [False, False, False]


def test_dashboard_names_up_to_three_cars_without_key(
    client_of: Browser, alice: User
) -> None:
    grant = make_grant_read_before(alice)
    for number, name in enumerate(["Ann", "Ben", "Cid", "Dot", "Eve"]):
        make_vehicle(
            grant,
            vin=f"5YJ3E1EA4PF00000{number}",
            name=name,
            key_paired=False,
            protocol_required=True,
        )
    words = text_of(look(client_of(alice)))
    assert "5 cars have no virtual key yet: Ann, Ben, Cid and 2 more." in words


def test_dashboard_prompts_for_no_key_where_all_is_well(
    client_of: Browser, alice: User
) -> None:
    grant = make_grant_read_before(alice)
    make_vehicle(grant, key_paired=True, protocol_required=True)
    assert "no virtual key yet" not in look(client_of(alice))


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        (3999, None),
        (4000, "80 % of this month's money for Tesla is spent."),
        (5000, "This month's money for Tesla is spent."),
    ],
)
def test_dashboard_says_when_the_month_s_money_goes_to_its_end(
    client_of: Browser, alice: User, owner: User, calls: int, words: str | None
) -> None:
    month = spending.month_of(timezone.now())
    Spending.objects.create(month_date=month, price_class="data", billed=calls)
    pages = [
        client_of(one).get("/console/").content.decode().replace("\u2019", "'")
        for one in (alice, owner)
    ]
    for page in pages:
        assert ("month's money" in page) == (words is not None)
        assert (words or "") in page
    # What the instance costs is the affair of whoever runs it.
    assert [f"${calls / 500:.2f} of $10.00" in page for page in pages] == [
        False,
        words is not None,
    ]


def test_dashboard_asks_to_link_again(client_of: Browser, alice: User) -> None:
    make_grant_read_before(
        alice,
        tesla_name="Alice Moreau",
        state=TeslaGrant.State.NEEDS_RELINK,
        last_error="The consent was withdrawn",
    )
    words = text_of(look(client_of(alice)))
    assert "Link Alice Moreau again. The consent was withdrawn." in words
    assert "asking Tesla" not in words


def test_dashboard_says_why_lists_could_not_be_read(
    client_of: Browser, alice: User
) -> None:
    failed_at = timezone.now() - timedelta(minutes=3)
    words = "Tesla's server has a fault. Tesla's status: 503."
    failure: dict[str, Any] = {
        "tesla_name": "Alice Moreau",
        "vehicles_failed_at": failed_at,
        "vehicles_failure": words,
        "energy_failed_at": failed_at,
        "energy_failure": words,
    }
    grant = make_grant_read_before(alice, **failure)
    make_vehicle(grant)
    said = html.unescape(text_of(look(client_of(alice))))
    assert (
        "The cars and energy sites of Alice Moreau could not be listed."
        f" {words} Tried 3 min ago ; Keyfob tries again by itself." in said
    )
    assert "1 car · list read 5 min ago" in said
    change = {"energy_failed_at": None, "energy_failure": ""}
    TeslaGrant.objects.update(**change)
    assert "The cars of Alice Moreau could not be" in look(client_of(alice))
    TeslaGrant.objects.update(state=TeslaGrant.State.NEEDS_RELINK)
    assert "could not be listed" not in look(client_of(alice))


@pytest.mark.parametrize("read_s_ago", [None, 300])
def test_dashboard_stops_asking_when_the_lists_failed(
    client_of: Browser, alice: User, read_s_ago: int | None
) -> None:
    with time_machine.travel(NOON, tick=False):
        read_at = None
        if read_s_ago is not None:
            read_at = NOON - timedelta(seconds=read_s_ago)
        make_grant_read_before(
            alice, synced_vehicles_at=read_at, synced_energy_at=read_at
        )
        query = f"?asked={int(NOON.timestamp()) - 5}"
        TeslaGrant.objects.update(vehicles_failed_at=NOON - timedelta(seconds=2))
        assert "hx-get" in look(client_of(alice), query)
        TeslaGrant.objects.update(energy_failed_at=NOON - timedelta(seconds=6))
        assert "hx-get" in look(client_of(alice), query)
        TeslaGrant.objects.update(energy_failed_at=NOON - timedelta(seconds=3))
        assert "hx-get" not in look(client_of(alice), query)


def test_dashboard_says_which_scopes_are_missing(
    client_of: Browser, alice: User
) -> None:
    scopes = tuple(scope for scope in SCOPES if scope != "vehicle_location")
    make_grant_read_before(alice, scopes=scopes)
    words = text_of(look(client_of(alice)))
    assert (
        "Vehicle location · missing"
        " Shows where your cars are and where they are heading." in words
    )
    assert "Vehicle commands · missing" not in words


def test_dashboard_names_each_of_several_tesla_accounts(
    client_of: Browser, alice: User
) -> None:
    for name in ("Alice at home", "Alice at work"):
        make_grant_read_before(alice, tesla_name=name)
    page = look(client_of(alice))
    assert re.findall(r"<h3>(Alice[^<]+)</h3>", page) == [
        "Alice at home",
        "Alice at work",
    ]


def test_dashboard_says_that_the_worker_is_not_running(
    client_of: Browser, alice: User
) -> None:
    browser = client_of(alice)
    assert "is not running" not in look(browser)
    Heartbeat.objects.all().delete()
    assert "The background worker is not running." in text_of(look(browser))


def test_dashboard_opens_without_redis(
    client_of: Browser, alice: User, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert "Redis does not answer." in text_of(look(client_of(alice)))


def test_dashboard_asks_again_while_a_new_link_is_read(
    client_of: Browser, alice: User
) -> None:
    make_bare_grant(alice)
    page = look(client_of(alice))
    assert 'hx-get="/console/" hx-trigger="load delay:1s"' in page
    assert "Reading your cars at Tesla." in text_of(page)


def test_dashboard_gives_htmx_the_part_below_the_heading(
    client_of: Browser, alice: User
) -> None:
    make_grant_read_before(alice)
    response = client_of(alice).get("/console/", headers={"HX-Request": "true"})
    page = response.content.decode()
    assert page.startswith('<div id="things" ')
    assert "<h1>" not in page


@pytest.mark.parametrize(
    ("linked_s_ago", "words"),
    [
        (59, "Reading your cars at Tesla."),
        (61, "The list has not been read yet"),
    ],
)
def test_dashboard_waits_a_minute_for_a_new_link(
    client_of: Browser, alice: User, linked_s_ago: int, words: str
) -> None:
    grant = make_bare_grant(alice)
    with time_machine.travel(NOON, tick=False):
        linked_at = NOON - timedelta(seconds=linked_s_ago)
        TeslaGrant.objects.filter(pk=grant.pk).update(linked_at=linked_at)
        assert words in text_of(look(client_of(alice)))


@pytest.mark.parametrize(
    ("asked_s_ago", "read_s_ago", "is_asking"),
    [
        (5, 300, True),  # nothing has come back yet
        (5, 2, False),  # read since
        (5, 14, False),  # read so shortly before that it is not read again
        (59, 300, True),
        (60, 300, False),  # nobody waits for ever
        (-5, 300, False),  # an address from the future
    ],
)
def test_dashboard_asks_again_after_a_refresh(
    client_of: Browser,
    alice: User,
    asked_s_ago: int,
    read_s_ago: int,
    *,
    is_asking: bool,
) -> None:
    with time_machine.travel(NOON, tick=False):
        read_at = NOON - timedelta(seconds=read_s_ago)
        make_grant_read_before(
            alice, synced_vehicles_at=read_at, synced_energy_at=read_at
        )
        asked = int(NOON.timestamp()) - asked_s_ago
        page = look(client_of(alice), f"?asked={asked}")
    assert ("asking Tesla" in page or "Reading your cars" in page) == is_asking
    assert (f'hx-get="/console/?asked={asked}"' in page) == is_asking


@pytest.mark.parametrize("asked", ["", "soon", "-1", "9" * 11, "9" * 10, "²", "٣"])
def test_dashboard_ignores_a_bent_address(
    client_of: Browser, alice: User, asked: str
) -> None:
    make_grant_read_before(alice)
    assert "hx-get" not in look(client_of(alice), f"?asked={asked}")


@pytest.mark.parametrize("count", [1, 10])
def test_dashboard_costs_twelve_queries_at_most(
    client_of: Browser, alice: User, count: int
) -> None:
    grant = make_grant_read_before(alice)
    for number in range(count):
        make_vehicle(grant, vin=f"5YJ3E1EA4PF00000{number}", name=f"Car {number}")
        access_tokens.issue(alice, f"Program {number}")
    for number in range(min(count, 3)):
        make_energy_site(grant, site_id=100 + number, name=f"Site {number}")
    browser = client_of(alice)
    look(browser)
    with CaptureQueriesContext(connection) as queries:
        page = look(browser)
    assert page.count('<article class="card"') == count + min(count, 3)
    assert len(queries) == 10
    assert VehicleAccess.objects.count() == count
    assert SiteAccess.objects.count() == min(count, 3)
    assert AccessToken.objects.count() == count


def test_refresh_rings_for_each_grant_that_works(
    client_of: Browser,
    alice: User,
    bob: User,
    rung: Rung,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    grant = make_grant_read_before(alice)
    make_grant_read_before(alice, state=TeslaGrant.State.NEEDS_RELINK)
    make_grant_read_before(bob)
    with (
        time_machine.travel(timezone.now(), tick=False),
        django_capture_on_commit_callbacks(execute=True),
    ):
        response = client_of(alice).post("/console/refresh")
        asked = int(timezone.now().timestamp())
    assert response["Location"] == f"/console/?asked={asked}"
    assert rung() == [
        ("vehicles.tasks.sync", [str(grant.pk)]),
        ("energy.tasks.sync", [str(grant.pk)]),
    ]


@pytest.mark.parametrize(
    ("read_s_ago", "tasks"),
    [
        (9, []),
        (10, []),
        (11, ["vehicles.tasks.sync", "energy.tasks.sync"]),
        (None, ["vehicles.tasks.sync", "energy.tasks.sync"]),
    ],
)
def test_refresh_leaves_alone_what_was_read_just_now(
    client_of: Browser,
    alice: User,
    rung: Rung,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    *,
    read_s_ago: int | None,
    tasks: list[str],
) -> None:
    with (
        time_machine.travel(NOON, tick=False),
        django_capture_on_commit_callbacks(execute=True),
    ):
        at = None if read_s_ago is None else NOON - timedelta(seconds=read_s_ago)
        make_grant_read_before(alice, synced_vehicles_at=at, synced_energy_at=at)
        client_of(alice).post("/console/refresh")
    assert [name for name, _ in rung()] == tasks


def test_refresh_takes_only_posts_of_who_is_signed_in(
    client_of: Browser, client: Client, alice: User
) -> None:
    assert client_of(alice).get("/console/refresh").status_code == 405
    assert client.post("/console/refresh")["Location"].startswith("/accounts/login/")
