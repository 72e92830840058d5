"""Last answers: who may have which, how old, and what it spares."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import redis
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from api import subjects
from api.door import Door
from api.readings import Readings
from api.tesla import Call
from api.threads import Threads
from energy.models import SiteAccess
from simulator.testing import RunningSimulator
from tests.api.conftest import Answer, MakePerson, Person, Program
from tests.factories import SCOPES
from tests.vehicles.conftest import rouse
from tokens.async_shared import Shared
from tokens.models import TeslaGrant, Usage
from tokens.services import last_answers
from tokens.services.last_answers import Kept, Subject
from vehicles.models import VehicleAccess

UUID0 = UUID(int=0)
UNPLACED = tuple(scope for scope in SCOPES if scope != "vehicle_location")
PLACED = b"endpoints=charge_state%3Blocation_data"


def path_of(someone: Person, name: str = "Red") -> str:
    """Return the address of a car's data."""
    access = VehicleAccess.objects.get(grant=someone.grant, vehicle__name=name)
    return f"/api/1/vehicles/{access.vehicle.vin}/vehicle_data"


def data_calls(simulator: RunningSimulator, ending: str = "/vehicle_data") -> int:
    """Return how often Tesla was asked for a car's data."""
    return sum(call.path.endswith(ending) for call in simulator.calls)


@pytest.fixture
def owner_(alice: User, person: MakePerson, registered: RunningSimulator) -> Person:
    """Return Alice, whose car Red is awake."""
    someone = person(alice)
    rouse(registered, "Red")
    return someone


def test_reading_is_young_enough_for_a_minute(
    play: Any, owner_: Person, registered: RunningSimulator
) -> None:
    path = path_of(owner_)

    async def story(program: Program) -> list[Any]:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            first = await program.call(path)
            clock.shift(59)
            second = await program.call(path)
            clock.shift(2)
            third = await program.call(path)
        return [first, second, third]

    first, second, third = play(story, owner_.access_token)
    assert [one.status for one in (first, second, third)] == [200, 200, 200]
    assert ("age" in first.headers, "age" in third.headers) == (False, False)
    assert (second.headers["age"], second.body) == ("59", first.body)
    assert data_calls(registered) == 2


def test_use_cache_says_how_old_a_reading_may_be(
    play: Any, owner_: Person, registered: RunningSimulator
) -> None:
    path = path_of(owner_)

    async def story(program: Program) -> list[Any]:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            answers = [await program.call(path, query=b"use_cache=true")]
            clock.shift(120)
            answers.append(await program.call(path, query=b"use_cache=true"))
            answers.append(await program.call(path, query=b"use_cache=false"))
            answers.append(await program.call(path, query=b"use_cache=true"))
        return answers

    first, old, live, newest = play(story, owner_.access_token)
    assert data_calls(registered) == 2
    assert [one.headers.get("age") for one in (first, old, live, newest)] == [
        None,
        "120",
        None,
        "0",
    ]
    assert (old.body, newest.body) == (first.body, live.body)
    assert {call.query for call in registered.calls} == {""}


def test_freshness_of_nought_reads_live_each_time(
    play: Any, owner_: Person, registered: RunningSimulator, settings: Any
) -> None:
    settings.VEHICLE_DATA_FRESH_S = 0
    path = path_of(owner_)

    async def story(program: Program) -> None:
        for _ in range(2):
            assert (await program.call(path)).status == 200

    play(story, owner_.access_token)
    assert data_calls(registered) == 2


def test_other_processes_share_a_reading_and_other_groups_do_not(
    play: Any, owner_: Person, registered: RunningSimulator
) -> None:
    path = path_of(owner_)

    async def story(program: Program) -> list[Any]:
        first = await program.call(path, query=b"endpoints=charge_state")
        await program.door.upstream.readings.close()
        other = Door()
        program.door, here = other, program.door
        try:
            second = await program.call(path, query=b"endpoints=charge_state")
            third = await program.call(path, query=b"endpoints=climate_state")
        finally:
            await other.close()
            program.door = here
        return [first, second, third]

    first, second, third = play(story, owner_.access_token)
    assert second.body == first.body
    assert "age" in second.headers
    assert "climate_state" in third.json["response"]
    assert data_calls(registered) == 2


def test_reads_in_flight_share_one_call(
    play: Any, owner_: Person, registered: RunningSimulator
) -> None:
    path = path_of(owner_)
    registered.faults.add("latency", "*/vehicle_data", seconds=0.2)

    async def story(program: Program) -> list[Any]:
        calls = (program.call(path, query=b"use_cache=false") for _ in range(10))
        return list(await asyncio.gather(*calls))

    answers = play(story, owner_.access_token)
    assert {one.status for one in answers} == {200}
    assert len({one.body for one in answers}) == 1
    assert data_calls(registered) == 1
    usage = Usage.objects.get(price_class="data")
    assert (usage.calls, usage.asked, usage.billed, usage.saved) == (10, 1, 1, 9)


def test_error_of_a_shared_read_reaches_everybody(
    play: Any, owner_: Person, registered: RunningSimulator
) -> None:
    path = path_of(owner_)

    async def story(program: Program) -> list[Any]:
        await program.call(path)
        registered.faults.add("cut", "*/vehicle_data", seconds=0.1)
        calls = (program.call(path, query=b"use_cache=false") for _ in range(3))
        return list(await asyncio.gather(*calls))

    answers = play(story, owner_.access_token)
    assert {(one.status, one.error) for one in answers} == {
        (503, "upstream_unreachable")
    }


def test_read_goes_on_for_others_when_its_first_asker_leaves(
    play: Any, owner_: Person, registered: RunningSimulator
) -> None:
    path = path_of(owner_)

    async def story(program: Program) -> Any:
        await program.call(path)
        registered.faults.add("latency", "*/vehicle_data", seconds=0.3)
        query = b"use_cache=false"
        first = asyncio.ensure_future(program.call(path, query=query))
        await asyncio.sleep(0.1)
        second = asyncio.ensure_future(program.call(path, query=query))
        await asyncio.sleep(0.05)
        first.cancel()
        return await second

    assert play(story, owner_.access_token).status == 200


def test_sleeping_car_is_not_asked_for_data(
    play: Any, alice: User, person: MakePerson, registered: RunningSimulator
) -> None:
    someone = person(alice)
    path = path_of(someone, "Luna")

    async def story(program: Program) -> list[Any]:
        answers = [
            await program.call(path, query=query)
            for query in (b"", b"use_cache=false", b"use_cache=true")
        ]
        alerts = path.replace("vehicle_data", "recent_alerts")
        return [*answers, await program.call(alerts)]

    *answers, alerts = play(story, someone.access_token)
    for answer in answers:
        assert answer.status == 408
        assert answer.json["response"]["state"] == "asleep"
        assert answer.json["response"]["vin"] in path
    assert alerts.status in {404, 408}
    assert data_calls(registered) == 0
    # One look at the free record does for all.
    assert len(registered.calls) == 1
    usage = Usage.objects.get(price_class="data")
    assert (usage.calls, usage.asked, usage.billed) == (4, 0, 0)
    assert usage.saved >= 3


def test_last_reading_is_given_while_the_car_sleeps(
    play: Any, alice: User, person: MakePerson, registered: RunningSimulator
) -> None:
    someone = person(alice)
    content = {"vin": "x", "state": "online", "charge_state": {"battery_level": 71}}
    VehicleAccess.objects.filter(grant=someone.grant, vehicle__name="Luna").update(
        vehicle_data=content, vehicle_data_at=timezone.now()
    )
    path = path_of(someone, "Luna")

    async def story(program: Program) -> Any:
        query = b"use_cache=true&endpoints=charge_state"
        return await program.call(path, query=query)

    answer = play(story, someone.access_token)
    assert (answer.status, answer.json["response"]) == (200, content)
    assert registered.calls == []


def test_wake_ends_what_was_known_of_the_sleep(
    play: Any, alice: User, person: MakePerson, registered: RunningSimulator
) -> None:
    someone = person(alice)
    path = path_of(someone, "Luna")

    async def story(program: Program) -> list[int]:
        before = await program.call(path)
        wake = path.replace("vehicle_data", "wake_up")
        assert (await program.call(wake, method="POST")).status == 200
        registered.clock.advance(90)
        after = await program.call(path)
        return [before.status, after.status]

    assert play(story, someone.access_token) == [408, 200]


def test_change_makes_earlier_readings_old(
    play: Any, owner_: Person, registered: RunningSimulator
) -> None:
    path = path_of(owner_)
    tag = path.split("/")[4]

    async def story(program: Program) -> list[Any]:
        first = await program.call(path)
        await program.door.upstream.readings.change(tag)
        second = await program.call(path)
        cached = await program.call(path, query=b"use_cache=true")
        return [first, second, cached]

    first, second, cached = play(story, owner_.access_token)
    assert [one.headers.get("age") for one in (first, second, cached)] == [
        None,
        None,
        "0",
    ]
    assert data_calls(registered) == 2


def test_driver_is_not_told_what_the_owner_was_told(
    play: Any, alice: User, bob: User, person: MakePerson, registered: Any
) -> None:
    owner_, driver = person(alice), person(bob)
    rouse(registered, "Red")
    path = path_of(owner_)

    async def story(program: Program) -> Any:
        await program.call(path, query=PLACED)
        program.access_token = driver.access_token
        return await program.call(path, query=PLACED + b"&use_cache=true")

    answer = play(story, owner_.access_token)
    assert answer.status == 200
    assert "age" not in answer.headers
    people = [c.person for c in registered.calls if c.path.endswith("/vehicle_data")]
    assert people == ["alice@example.com", "bob@example.com"]


def test_stranger_gets_nothing_of_a_kept_reading(
    play: Any, alice: User, charlie: User, person: MakePerson, registered: Any
) -> None:
    owner_, stranger = person(alice), person(charlie)
    rouse(registered, "Red")
    path = path_of(owner_)

    async def story(program: Program) -> Any:
        assert (await program.call(path)).status == 200
        program.access_token = stranger.access_token
        return await program.call(path, query=b"use_cache=true")

    assert play(story, owner_.access_token).status == 404


async def _placed_before(
    program: Program, path: str, change: Callable[[], object]
) -> Answer:
    """Read a car with its place, change what may be known, and return the reading.

    What is kept of it holds the place: a reading by programs, and one by pages.
    """
    whole = {"drive_state": {"latitude": 1.5, "shift_state": "P"}, "charge_state": {}}
    placed = await program.call(path, query=PLACED)
    assert "latitude" in placed.json["response"]["drive_state"]

    def work() -> None:
        VehicleAccess.objects.update(vehicle_data=whole, vehicle_data_at=timezone.now())
        change()

    await program.door.threads.quickly(work)
    await asyncio.sleep(1.05)
    return placed


def test_whereabouts_end_with_their_scope(play: Any, owner_: Person) -> None:
    path = path_of(owner_)

    async def story(program: Program) -> list[Answer]:
        await _placed_before(
            program, path, lambda: TeslaGrant.objects.update(scopes=list(UNPLACED))
        )
        refused = await program.call(path, query=PLACED + b"&use_cache=true")
        query = b"use_cache=true&endpoints=drive_state"
        return [refused, await program.call(path, query=query)]

    refused, cut = play(story, owner_.access_token)
    assert refused.status == 403
    assert cut.json["response"]["drive_state"] == {"shift_state": "P"}


def test_whereabouts_end_when_the_owner_hides_them(play: Any, owner_: Person) -> None:
    path = path_of(owner_)

    async def story(program: Program) -> list[Answer]:
        placed = await _placed_before(
            program, path, lambda: VehicleAccess.objects.update(hide_private=True)
        )
        query = PLACED + b"&use_cache=true"
        return [placed, await program.call(path, query=query)]

    placed, hidden = play(story, owner_.access_token)
    assert "age" not in placed.headers
    assert "age" in hidden.headers
    assert hidden.json["response"]["drive_state"] == {"shift_state": "P"}


def test_page_s_reading_serves_programs_with_the_groups_they_ask_for(
    play: Any, owner_: Person, registered: RunningSimulator
) -> None:
    path = path_of(owner_)
    subject = Subject(
        owner_.grant.pk, path.split("/")[4], "vehicle_data", may_locate=True
    )
    whole = {
        "vin": subject.tag,
        "charge_state": {"battery_level": 50},
        "climate_state": {"is_climate_on": False},
        "drive_state": {"latitude": 1.0, "native_type": "wgs", "power": 0},
    }
    last_answers.keep(subject.whole, whole, timezone.now().timestamp() - 5)

    async def story(program: Program) -> list[Any]:
        queries = (
            b"endpoints=charge_state",
            b"endpoints=drive_state",
            b"endpoints=drive_state%3Blocation_data",
            b"",
        )
        return [(await program.call(path, query=query)).json for query in queries]

    charge, drive, placed, usual = play(story, owner_.access_token)
    vin = {"vin": subject.tag}
    assert charge["response"] == vin | {"charge_state": {"battery_level": 50}}
    assert drive["response"] == vin | {"drive_state": {"power": 0}}
    assert placed["response"] == vin | {"drive_state": whole["drive_state"]}
    assert usual["response"] == whole | {"drive_state": {"power": 0}}
    assert data_calls(registered) == 0


@pytest.mark.parametrize("name", ["live_status", "site_info"])
def test_energy_site_is_read_once_a_minute_for_all_programs(
    play: Any, alice: User, person: MakePerson, registered: RunningSimulator, name: str
) -> None:
    someone = person(alice)
    access = SiteAccess.objects.filter(grant=someone.grant).order_by("pk")[0]
    path = f"/api/1/energy_sites/{access.site.site_id}/{name}"

    async def story(program: Program) -> list[Any]:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            answers = [await program.call(path)]
            clock.shift(30)
            answers.append(await program.call(path))
            clock.shift(31)
            answers.append(await program.call(path))
            await program.door.upstream.readings.change(str(access.site.site_id))
            answers.append(await program.call(path))
        return answers

    answers = play(story, someone.access_token)
    assert [one.status for one in answers] == [200] * 4
    assert [one.headers.get("age") for one in answers] == [None, "30", None, None]
    assert data_calls(registered, name) == 3


def test_without_redis_reads_are_live_and_near_ones_still_shared(
    play: Any, owner_: Person, registered: RunningSimulator, redis_away: None
) -> None:
    path = path_of(owner_)

    async def story(program: Program) -> list[Any]:
        answers = [await program.call(path) for _ in range(2)]
        other = Door()
        try:
            answers.append(await Program(other, program.access_token).call(path))
        finally:
            await other.close()
        return answers

    answers = play(story, owner_.access_token)
    assert [(one.status, "age" in one.headers) for one in answers] == [
        (200, False),
        (200, True),
        (200, False),
    ]
    assert data_calls(registered) == 2


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("html", {}),
        ("body", {"body": '{"response": null, "error": "x"}', "status": 200}),
        ("body", {"body": '{"response": {}}', "status": 200}),
        ("status", {"status": 500}),
    ],
)
def test_answer_without_a_reading_is_not_kept(
    play: Any,
    owner_: Person,
    registered: RunningSimulator,
    kind: str,
    facts: dict[str, Any],
) -> None:
    path = path_of(owner_)

    async def story(program: Program) -> Any:
        registered.faults.add(kind, "*/vehicle_data", **facts)
        await program.call(path)
        registered.faults.clear()
        return await program.call(path)

    answer = play(story, owner_.access_token)
    assert (answer.status, "age" in answer.headers) == (200, False)


def test_memory_and_redis_hold_no_more_than_they_should(db: None) -> None:
    async def story() -> tuple[int, int]:
        threads, shared = Threads(), Shared()
        readings = Readings(threads, shared)
        tag = "car"
        for number in range(600):
            subject = Subject(UUID0, tag, "vehicle_data", groups=f"group_{number}")
            readings.keep(subject, Kept(1.0, b'{"response":{}}'))
        readings.keep(
            Subject(UUID0, tag, "site_info"), Kept(1.0, b"x" * (256 * 1024 + 1))
        )
        await readings.close()
        size = len(readings._near)  # noqa: SLF001  # its bound is what is tested
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            fields = int(client.hlen(Subject(UUID0, tag, "").key))
        await shared.close()
        threads.close()
        return size, fields

    near, fields = asyncio.run(story())
    assert near <= 500
    assert 1 <= fields <= 16


def test_older_answer_does_not_replace_a_newer_one() -> None:
    subject = Subject(UUID0, "car", "vehicle_data")
    last_answers.keep(subject, {"n": 2}, 200.0)
    last_answers.keep(subject, {"n": 1}, 100.0)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        raw = client.hget(subject.key, subject.field)
    kept = last_answers.unpacked(raw)
    assert kept is not None
    assert (kept.at_s, json.loads(kept.body)) == (200.0, {"response": {"n": 2}})


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("?use_cache=true", ""),
        ("?use_cache=true&endpoints=a", "?endpoints=a"),
        ("?endpoints=a&use_cache=false", "?endpoints=a"),
        ("?a=1&use_cache=1&b=2", "?a=1&b=2"),
    ],
)
def test_what_is_said_to_us_is_not_said_to_tesla(query: str, kept: str) -> None:
    call = subjects.without_use_cache(Call("GET", f"/x{query}"))
    assert call.path_qs == f"/x{kept}"
