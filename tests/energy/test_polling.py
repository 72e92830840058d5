"""Polling the sites of accounts that listen, and what these are told."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone
from pytest_django import Settings

import fleet
from accounts.models import User
from energy import tasks, totals
from energy.models import SiteAccess
from energy.services import connectors, listeners, pacing, polling
from energy.services.listeners import Watched
from events import presence
from simulator.testing import RunningSimulator
from tests.energy.conftest import Link
from tests.factories import make_bare_grant, make_energy_site
from tests.fixtures.events import During, of
from tests.vehicles.conftest import paths
from tokens.models import TeslaGrant
from tokens.services import last_answers

pytestmark = pytest.mark.usefixtures("eager")


@pytest.fixture
def listening(events_redis: "redis.Redis") -> Callable[..., None]:
    """Return a function that lets accounts listen."""

    def note(*users: User) -> None:
        for user in users:
            presence.note(events_redis, user.pk)

    return note


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
    link: Link,
    alice: User,
    bob: User,
    during: During,
    listening: Callable[..., None],
    registered: RunningSimulator,
) -> None:
    link(alice)
    link(bob)
    listening(alice)
    told = during(tasks.poll_due)
    mine = of(told, alice)
    assert of(told, bob) == []
    assert set(kinds(mine)) >= {"live_status", "site_info", "totals"}
    live = next(one for one in mine if "live_status" in one)
    info = next(one for one in mine if "site_info" in one)
    access = SiteAccess.objects.get(grant__user=alice)
    assert live["site_id"] == access.site.site_id
    assert live["live_status"] == access.live_status
    assert not {"tariff_content", "tariff_content_v2"} & info["site_info"].keys()
    sums = next(one for one in mine if "totals" in one)
    assert sums["id"] == access.site.site_id
    assert list(sums["totals"]) == list(totals.NAMES)
    zone = totals.zone_of(access.site_info)
    assert sums["date"] == totals.local_day(timezone.now(), zone).isoformat()


def test_site_is_asked_once_a_minute_and_silence_means_unchanged(
    link: Link,
    alice: User,
    during: During,
    listening: Callable[..., None],
    registered: RunningSimulator,
    events_redis: "redis.Redis",
) -> None:
    link(alice)
    listening(alice)
    during(tasks.poll_due)
    asked = len(paths(registered, "/live_status"))
    assert during(tasks.poll_due) == []
    assert len(paths(registered, "/live_status")) == asked
    let_pass(events_redis, pacing.LIVE)
    registered.clock.advance(60)
    assert kinds(of(during(tasks.poll_due), alice)) == ["live_status"]
    assert len(paths(registered, "/live_status")) == asked + 1
    let_pass(events_redis)
    later = kinds(of(during(tasks.poll_due), alice))
    assert "site_info" not in later


def test_answer_that_a_program_got_just_now_will_do(
    link: Link,
    alice: User,
    during: During,
    listening: Callable[..., None],
    registered: RunningSimulator,
) -> None:
    grant = link(alice)
    listening(alice)
    access = SiteAccess.objects.get(grant=grant)
    subject = last_answers.Subject(grant.pk, str(access.site.site_id), "live_status")
    last_answers.keep(subject, {"solar_power": 77}, time.time())
    asked = len(paths(registered, "/live_status"))
    live = of(during(tasks.poll_due), alice)[0]
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
    link: Link,
    alice: User,
    during: During,
    listening: Callable[..., None],
    registered: RunningSimulator,
    events_redis: "redis.Redis",
    caplog: pytest.LogCaptureFixture,
) -> None:
    grant = link(alice)
    listening(alice)
    registered.faults.add("status", "*/live_status", status=429)
    assert during(tasks.poll_due) == []
    (key,) = events_redis.scan_iter("keyfob:energy:live:*")
    assert int(str(events_redis.ttl(key))) > 60
    let_pass(events_redis)
    registered.faults.clear()
    registered.faults.add("status", "*/live_status", status=401)
    TeslaGrant.objects.update(next_refresh_at=None)
    during(tasks.poll_due)
    grant.refresh_from_db()
    assert grant.next_refresh_at is not None
    assert "An energy site was not polled" in caplog.text


def test_site_without_live_values_is_not_told(
    link: Link,
    alice: User,
    during: During,
    listening: Callable[..., None],
    registered: RunningSimulator,
) -> None:
    link(alice)
    listening(alice)
    registered.faults.add(
        "body", "*/live_status", body=json.dumps({"response": ""}), status=200
    )
    assert "live_status" not in kinds(of(during(tasks.poll_due), alice))


def test_site_without_a_history_is_told_the_rest(
    link: Link,
    alice: User,
    during: During,
    listening: Callable[..., None],
    registered: RunningSimulator,
    events_redis: "redis.Redis",
) -> None:
    link(alice)
    listening(alice)
    registered.faults.add("status", "*/calendar_history*", status=404)
    assert set(kinds(of(during(tasks.poll_due), alice))) >= {"live_status", "site_info"}
    let_pass(events_redis)
    registered.faults.clear()
    registered.faults.add("status", "*/calendar_history*", status=429)
    during(tasks.poll_due)
    (key,) = events_redis.scan_iter("keyfob:energy:live:*")
    assert int(str(events_redis.ttl(key))) > 60


def test_tariff_is_told_apart_and_its_removal_too(
    link: Link,
    alice: User,
    during: During,
    listening: Callable[..., None],
    registered: RunningSimulator,
    events_redis: "redis.Redis",
) -> None:
    link(alice)
    listening(alice)
    answers = ({"tariff_content_v2": {"code": "TOU-1"}}, {"site_name": "Home"})
    found = []
    for answer in answers:
        registered.faults.clear()
        registered.faults.add(
            "body", "*/site_info", body=json.dumps({"response": answer}), status=200
        )
        told = of(during(tasks.poll_due), alice)
        found += [
            one["tariff_content_v2"] for one in told if "tariff_content_v2" in one
        ]
        let_pass(events_redis)
    assert found == [{"code": "TOU-1"}, None]
    registered.faults.clear()
    registered.faults.add(
        "body", "*/site_info", body=json.dumps({"response": "odd"}), status=200
    )
    assert "site_info" not in kinds(of(during(tasks.poll_due), alice))


def test_day_that_has_ended_is_told_once_more(
    link: Link,
    alice: User,
    during: During,
    listening: Callable[..., None],
    registered: RunningSimulator,
    events_redis: "redis.Redis",
) -> None:
    link(alice)
    listening(alice)
    during(tasks.poll_due)
    access = SiteAccess.objects.get(grant__user=alice)
    zone = totals.zone_of(access.site_info)
    today = totals.local_day(timezone.now(), zone)
    yesterday = today - timedelta(days=1)
    pacing.note(access.site.site_id, "day", yesterday.isoformat())
    let_pass(events_redis)
    told = of(during(tasks.poll_due), alice)
    assert yesterday.isoformat() in [one["date"] for one in told if "totals" in one]


class TeslaOfSessions(fleet.Client):
    """Answer with sessions, or not at all."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def call(self, *_: Any, **__: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_connectors_are_followed_while_they_charge_and_once_after(
    alice: User, during: During, events_redis: "redis.Redis"
) -> None:
    access = make_energy_site(make_bare_grant(alice))
    watched = Watched(access, (alice.pk,))
    zone = totals.zone_of(None)
    charging = {"wall_connectors": [{"din": "A", "wall_connector_power": 6000}]}
    idle = {"wall_connectors": [{"din": "A", "wall_connector_power": 0}]}
    start = {"seconds": int(timezone.now().timestamp())}
    over = {"charge_history": [{"charge_start_time": start, "energy_added_wh": 5000}]}

    def follow(live: dict[str, Any], answer: object) -> list[Any]:
        tesla = TeslaOfSessions(answer)
        work = during(lambda: connectors.follow(watched, tesla, live, zone))
        return [body["totals"] for body in of(work, alice)]

    assert follow(idle, over) == []
    assert follow(charging, over) == [{"A": 5000}]
    minute_ago(watched.site_id)
    ((sums,),) = [follow(charging, fleet.NotFound("none"))]
    assert sums["A"] == pytest.approx(5100, abs=5)
    assert follow(idle, fleet.NotFound("none")) == [{"A": pytest.approx(100, abs=5)}]
    assert follow(idle, over) == []


def minute_ago(site_id: int) -> None:
    """Let the last poll of a site have been a minute ago."""
    noted = json.loads(pacing.noted(site_id, "connectors"))
    noted[1] -= 60
    pacing.note(site_id, "connectors", json.dumps(noted))


def test_connectors_begin_anew_with_the_day(
    alice: User, during: During, events_redis: "redis.Redis"
) -> None:
    access = make_energy_site(make_bare_grant(alice))
    watched = Watched(access, (alice.pk,))
    before = ["2020-01-01", time.time() - 3600, {"A": 6000.0}, {"A": 9.0}, {}, {}]
    pacing.note(watched.site_id, "connectors", json.dumps(before))
    live = {"wall_connectors": [{"din": "A", "wall_connector_power": 6000}]}
    tesla = TeslaOfSessions({"charge_history": []})
    zone = totals.zone_of(None)
    told = of(during(lambda: connectors.follow(watched, tesla, live, zone)), alice)
    assert [body["totals"] for body in told] == [{"A": 0}]


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
    (key,) = events_redis.scan_iter("keyfob:energy:live:*")
    assert 290 < int(str(events_redis.ttl(key))) <= 300
