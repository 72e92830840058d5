"""Polling the sites of accounts that listen, and what these are told."""

import json
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone
from pytest_django import Settings

import fleet
from accounts.models import User
from energy import tasks, totals
from energy.models import SiteAccess
from energy.services import listeners, pacing, polling
from events import presence
from simulator.testing import RunningSimulator
from tests.energy.conftest import Link
from tests.factories import make_bare_grant, make_energy_site
from tests.fixtures.events import During, of
from tests.vehicles.conftest import paths
from tokens.models import TeslaGrant
from tokens.services import last_answers

Poll = Callable[[], list[dict[str, Any]]]

pytestmark = pytest.mark.usefixtures("eager")


@pytest.fixture
def listening(events_redis: "redis.Redis") -> Callable[..., None]:
    """Return a function that lets accounts listen."""

    def note(*users: User) -> None:
        for user in users:
            presence.note(events_redis, user.pk)

    return note


@pytest.fixture
def alices(link: Link, alice: User, listening: Callable[..., None]) -> TeslaGrant:
    """Return the grant of Alice, who listens to her sites."""
    grant = link(alice)
    listening(alice)
    return grant


@pytest.fixture
def poll(during: During, alice: User) -> Poll:
    """Return a function that polls what is due and returns what Alice was told."""
    return lambda: of(during(tasks.poll_due), alice)


def answers(registered: RunningSimulator, ending: str, content: object) -> None:
    """Let Tesla answer just this, and be well otherwise."""
    body = json.dumps({"response": content})
    registered.faults.clear()
    registered.faults.add("body", f"*/{ending}", body=body, status=200)


def fails(registered: RunningSimulator, ending: str, status: int) -> None:
    """Let Tesla answer with a status, and be well otherwise."""
    registered.faults.clear()
    registered.faults.add("status", f"*/{ending}", status=status)


def rest_s(client: "redis.Redis") -> int:
    """Return how long the live values of the only site are not asked for."""
    (key,) = client.scan_iter("keyfob:energy:live:*")
    return int(str(client.ttl(key)))


def today_of(access: SiteAccess) -> date:
    """Return the day that it is at a site."""
    return totals.local_day(timezone.now(), totals.zone_of(access.site_info))


def kinds(told: list[dict[str, Any]]) -> list[str]:
    """Return what each event is about, in order."""
    return [
        (body.keys() - {"createdAt", "site_id", "id", "date"}).pop() for body in told
    ]


def let_pass(client: "redis.Redis", *kinds_: str) -> None:
    """Let so much time pass that questions may be asked again."""
    for kind in kinds_ or pacing.EVERY_S:
        for key in client.scan_iter(f"keyfob:energy:{kind}:*"):
            client.delete(key)
    for key in client.scan_iter("keyfob:answers:*"):
        client.delete(key)


def test_nobody_listens_and_nothing_is_asked(
    link: Link, alice: User, during: During, registered: RunningSimulator
) -> None:
    link(alice)
    assert during(tasks.poll_due) == []
    assert [one for one in registered.calls if "energy_sites" in one.path] == []


def test_listener_is_told_flows_settings_and_the_day(
    alices: TeslaGrant, link: Link, alice: User, bob: User, during: During
) -> None:
    link(bob)
    told = during(tasks.poll_due)
    mine = of(told, alice)
    assert of(told, bob) == []
    assert set(kinds(mine)) >= {"live_status", "site_info", "totals"}
    live = next(one for one in mine if "live_status" in one)
    info = next(one for one in mine if "site_info" in one)
    access = SiteAccess.objects.get(grant=alices)
    assert live["site_id"] == access.site.site_id
    assert live["live_status"] == access.live_status
    assert not {"tariff_content", "tariff_content_v2"} & info["site_info"].keys()
    sums = next(one for one in mine if "totals" in one)
    assert sums["id"] == access.site.site_id
    assert list(sums["totals"]) == list(totals.NAMES)
    assert sums["date"] == today_of(access).isoformat()


@pytest.mark.usefixtures("alices")
def test_site_is_asked_once_a_minute_and_silence_means_unchanged(
    poll: Poll,
    during: During,
    registered: RunningSimulator,
    events_redis: "redis.Redis",
) -> None:
    poll()
    asked = len(paths(registered, "/live_status"))
    assert during(tasks.poll_due) == []
    assert len(paths(registered, "/live_status")) == asked
    let_pass(events_redis, pacing.LIVE)
    registered.clock.advance(60)
    assert kinds(poll()) == ["live_status"]
    assert len(paths(registered, "/live_status")) == asked + 1
    let_pass(events_redis)
    assert "site_info" not in kinds(poll())


def test_answer_that_a_program_got_just_now_will_do(
    alices: TeslaGrant, poll: Poll, registered: RunningSimulator
) -> None:
    access = SiteAccess.objects.get(grant=alices)
    subject = last_answers.Subject(alices.pk, str(access.site.site_id), "live_status")
    last_answers.keep(subject, {"solar_power": 77}, time.time())
    asked = len(paths(registered, "/live_status"))
    live = poll()[0]
    assert live["live_status"] == {"solar_power": 77}
    assert len(paths(registered, "/live_status")) == asked


def test_everybody_who_sees_the_site_is_told_by_one_question(
    alice: User, bob: User, during: During, listening: Callable[..., None]
) -> None:
    for user in (alice, bob):
        make_energy_site(make_bare_grant(user))
    listening(bob)
    assert listeners.due() == [2252142071]
    watched = listeners.claim(2252142071)
    assert watched is not None
    assert set(watched.account_ids) == {alice.pk, bob.pk}
    assert listeners.claim(2252142071) is None


def test_grants_that_cannot_read_are_left_out(
    alice: User, bob: User, charlie: User, listening: Callable[..., None]
) -> None:
    gone = make_energy_site(make_bare_grant(alice))
    SiteAccess.objects.filter(pk=gone.pk).update(gone_at=timezone.now())
    make_energy_site(make_bare_grant(bob, scopes=("openid",)))
    make_energy_site(make_bare_grant(charlie))
    TeslaGrant.objects.filter(user=charlie).update(state="needs_relink")
    listening(alice, bob, charlie)
    assert listeners.due() == []
    assert listeners.claim(2252142071) is None


def test_site_that_does_not_answer_rests(
    alices: TeslaGrant,
    during: During,
    registered: RunningSimulator,
    events_redis: "redis.Redis",
    caplog: pytest.LogCaptureFixture,
) -> None:
    fails(registered, "live_status", 429)
    assert during(tasks.poll_due) == []
    assert rest_s(events_redis) > 60
    let_pass(events_redis)
    fails(registered, "live_status", 401)
    TeslaGrant.objects.update(next_refresh_at=None)
    during(tasks.poll_due)
    alices.refresh_from_db()
    assert alices.next_refresh_at is not None
    assert "An energy site was not polled" in caplog.text


@pytest.mark.usefixtures("alices")
def test_site_without_live_values_is_not_told(
    poll: Poll, registered: RunningSimulator
) -> None:
    answers(registered, "live_status", "")
    assert "live_status" not in kinds(poll())


@pytest.mark.usefixtures("alices")
def test_site_without_a_history_is_told_the_rest(
    poll: Poll, registered: RunningSimulator, events_redis: "redis.Redis"
) -> None:
    fails(registered, "calendar_history*", 404)
    assert set(kinds(poll())) >= {"live_status", "site_info"}
    let_pass(events_redis)
    fails(registered, "calendar_history*", 429)
    poll()
    assert rest_s(events_redis) > 60


@pytest.mark.usefixtures("alices")
def test_site_without_info_is_told_the_rest(
    poll: Poll, registered: RunningSimulator, events_redis: "redis.Redis"
) -> None:
    fails(registered, "site_info", 500)
    assert set(kinds(poll())) >= {"live_status", "totals"}
    assert rest_s(events_redis) <= 60
    let_pass(events_redis)
    fails(registered, "site_info", 429)
    poll()
    assert rest_s(events_redis) > 60


@pytest.mark.usefixtures("alices")
def test_tariff_is_told_apart_and_its_removal_too(
    poll: Poll, registered: RunningSimulator, events_redis: "redis.Redis"
) -> None:
    found = []
    none = {"site_name": "Home"}
    for answer in (none, {"tariff_content_v2": {"code": "TOU-1"}}, none, none):
        answers(registered, "site_info", answer)
        told = poll()
        found += [
            one["tariff_content_v2"] for one in told if "tariff_content_v2" in one
        ]
        # However long nobody listened in between.
        for key in events_redis.scan_iter("keyfob:energy:*"):
            events_redis.delete(key)
        let_pass(events_redis)
    assert found == [{"code": "TOU-1"}, None]
    answers(registered, "site_info", "odd")
    assert "site_info" not in kinds(poll())


def test_day_that_has_ended_is_told_once_more(
    alices: TeslaGrant, poll: Poll, events_redis: "redis.Redis"
) -> None:
    poll()
    access = SiteAccess.objects.get(grant=alices)
    yesterday = today_of(access) - timedelta(days=1)
    pacing.note(access.site.site_id, "day", yesterday.isoformat())
    let_pass(events_redis)
    told = poll()
    assert yesterday.isoformat() in [one["date"] for one in told if "totals" in one]


def test_nothing_is_asked_while_redis_is_away(settings: Settings, alice: User) -> None:
    make_energy_site(make_bare_grant(alice))
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert listeners.due() == []
    assert listeners.claim(2252142071) is None
    assert pacing.noted(1, "day") == ""


def test_failure_without_a_hint_rests_five_minutes(
    alice: User, events_redis: "redis.Redis"
) -> None:
    access = make_energy_site(make_bare_grant(alice))
    polling.note_failure(access, fleet.ServerFault("no", status=500))
    assert 290 < rest_s(events_redis) <= 300
