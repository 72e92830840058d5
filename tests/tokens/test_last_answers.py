"""What is kept of Tesla's answers: by whom it may be found, how it is cut and forgotten."""

import json
import time
from typing import Any
from uuid import uuid4

import pytest
import redis
import time_machine
from django.conf import settings as django_settings

from accounts.models import User
from energy import tasks as energy_tasks
from energy.models import SiteAccess
from energy.services import sites
from tests.fixtures.tesla import MakeGrant
from tests.vehicles.conftest import rouse
from tokens import shared
from tokens.models import Inquiry, Usage
from tokens.services import forgetting, grants, inquiries, last_answers
from tokens.services.last_answers import Kept, StillKept, Subject, cut, unpacked
from vehicles import tasks as vehicle_tasks

WHOLE: dict[str, Any] = {
    "vin": "x",
    "charge_state": {"a": 1},
    "vehicle_state": {"b": 2},
    "drive_state": {
        "power": 1,
        "latitude": 1,
        "longitude": 1,
        "heading": 1,
        "gps_as_of": 1,
        "native_latitude": 1,
        "corrected_longitude": 1,
        "active_route_destination": "home",
    },
    "charge_schedule_data": {"c": 3},
}


@pytest.mark.parametrize(
    ("groups", "found"),
    [
        ("charge_state", {"vin", "charge_state"}),
        ("closures_state", {"vin", "vehicle_state"}),
        ("charge_schedule_data", {"vin", "charge_schedule_data"}),
        ("location_data", {"vin", "drive_state"}),
        ("", {"vin", "charge_state", "vehicle_state", "drive_state"}),
    ],
)
def test_reading_is_cut_to_the_groups_asked_for(groups: str, found: set[str]) -> None:
    kept = cut(WHOLE, groups)
    assert kept is not None
    assert set(kept) == found
    located = groups == "location_data"
    if "drive_state" in kept:
        assert kept["drive_state"] == (
            WHOLE["drive_state"] if located else {"power": 1}
        )


@pytest.mark.parametrize(
    "groups", ["climate_state", "nonsense", "vehicle_data_combo", "charge_state;x"]
)
def test_reading_that_lacks_a_group_serves_nobody(groups: str) -> None:
    assert cut(WHOLE, groups) is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"response":null}', b"{}"])
def test_body_that_cannot_be_cut_serves_nobody(body: bytes) -> None:
    assert last_answers.cut_body(Kept(1.0, body), "charge_state") is None


def test_groups_are_the_same_in_any_order() -> None:
    assert last_answers.sorted_groups("b;a; b;;") == "a;b"


def test_packed_answer_is_read_again() -> None:
    kept = Kept(1234.5, b'{"a":\n1}')
    assert unpacked(kept.packed()) == kept
    assert unpacked(b"rubbish") is unpacked(None) is None


def test_fresh_answer_ends_with_age_and_with_a_change() -> None:
    tag = f"car-{uuid4()}"
    subject = Subject(uuid4(), tag, "site_info")
    last_answers.keep(subject, {"a": 1}, time.time() - 5)
    kept = last_answers.find_fresh(subject, 60)
    assert kept is not None
    assert json.loads(kept.body) == {"response": {"a": 1}}
    assert last_answers.find_fresh(subject, 4) is None
    last_answers.note_change(tag)
    assert last_answers.find_fresh(subject, 60) is None


def test_forgetting_takes_one_car_or_all_of_a_grant() -> None:
    ours, theirs = uuid4(), uuid4()
    subjects = [
        Subject(grant, tag, "vehicle_data")
        for grant in (ours, theirs)
        for tag in ("one", "two")
    ]
    for subject in subjects:
        last_answers.keep(subject, {}, 1.0)

    def left() -> list[bool]:
        with redis.Redis.from_url(django_settings.REDIS_URL) as client:
            return [bool(client.exists(subject.key)) for subject in subjects]

    last_answers.forget(ours, "one")
    assert left() == [False, True, True, True]
    last_answers.forget(ours)
    assert left() == [False, False, True, True]


def test_without_redis_nothing_is_found_and_forgetting_says_so(settings: Any) -> None:
    settings.REDIS_URL = f"unix:///nowhere/{uuid4()}.sock"
    subject = Subject(uuid4(), "car", "site_info")
    last_answers.keep(subject, {}, time.time())
    last_answers.note_change("car")
    assert last_answers.find_fresh(subject, 60) is None
    with pytest.raises(StillKept):
        last_answers.forget(subject.grant_id)


def test_redis_that_is_away_is_left_alone_for_a_while(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = f"unix:///nowhere/{uuid4()}.sock"
    asked = []

    def question(_client: object) -> None:
        asked.append(1)
        raise OSError

    assert [shared.ask(question) for _ in range(3)] == [None, None, None]
    assert asked == [1]
    monkeypatch.setattr(shared, "AWAY_S", -1.0)
    settings.REDIS_URL = f"unix:///nowhere/{uuid4()}.sock"
    shared.ask(question)
    shared.ask(question)
    assert asked == [1, 1, 1]


def test_unlinking_forgets_what_the_grant_was_told(
    alice: User, make_grant: MakeGrant
) -> None:
    grant = make_grant(alice)
    subject = Subject(grant.pk, "car", "vehicle_data")
    last_answers.keep(subject, {}, time.time())
    forgetting.forget(alice)
    assert last_answers.find_fresh(subject, 60) is None


@pytest.mark.django_db(transaction=True)
def test_site_that_was_just_read_is_not_asked_for_a_page(
    alice: User, make_grant: MakeGrant, registered: Any
) -> None:
    grant = make_grant(alice)
    sites.sync(grant, grants.client_for(grant))
    site = SiteAccess.objects.filter(grant=grant).order_by("pk")[0]
    tag = str(site.site.site_id)

    def press() -> Inquiry:
        asked = inquiries.ask(alice, grant, "live_status", tag)
        energy_tasks.ask(str(asked.pk))
        asked.refresh_from_db()
        return asked

    with time_machine.travel(time.time(), tick=False) as clock:
        first = press()
        clock.shift(30)
        second = press()
        clock.shift(31)
        third = press()
    assert [one.state for one in (first, second, third)] == ["answered"] * 3
    assert second.answer == first.answer
    assert first.answered_at is not None
    assert second.answered_at is not None
    assert abs((second.answered_at - first.answered_at).total_seconds()) < 1
    calls = [call for call in registered.calls if call.path.endswith("live_status")]
    assert len(calls) == 2
    usage = Usage.objects.get(price_class="free")
    assert (usage.subject, usage.program, usage.asked) == (tag, "pages", 2)


@pytest.mark.django_db(transaction=True)
def test_page_s_reading_of_a_car_is_kept_for_programs(
    alice: User, make_grant: MakeGrant, registered: Any
) -> None:
    grant = make_grant(alice)
    rouse(registered, "Red")
    vehicle_tasks.sync(str(grant.pk))
    vin = registered.world.car_named("Red").vin
    asked = inquiries.ask(alice, grant, "vehicle_data", vin)
    vehicle_tasks.ask(str(asked.pk))
    asked.refresh_from_db()
    assert (asked.state, asked.error_words) == ("answered", "")
    subject = Subject(grant.pk, vin, "vehicle_data", may_locate=True)
    kept = last_answers.find_fresh(subject.whole, 60)
    assert kept is not None
    assert json.loads(kept.body)["response"]["vin"] == vin
    usage = Usage.objects.get(price_class="data")
    assert (usage.subject, usage.billed) == (vin, 1)
    wake = inquiries.ask(alice, grant, "wake_up", vin)
    claimed = inquiries.claim(wake.pk)
    assert claimed is not None
    inquiries.answer(claimed, grants.client_for(grant))
    assert last_answers.find_fresh(subject.whole, 60) is None
