"""What programs' calls show of cars is told: states, whole readings, credits."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.db import DatabaseError

from accounts.models import User
from api.news import News, is_whole
from api.threads import Threads
from energy.models import SiteAccess
from energy.services import pacing
from simulator.testing import RunningSimulator
from tests.api.conftest import MakePerson, Person, Program
from tests.api.test_readings import path_of
from tests.fixtures import events
from tests.vehicles.conftest import rouse
from vehicles.models import Vehicle

WHOLE = b"endpoints=charge_state;climate_state;drive_state;vehicle_state;vehicle_config"
Play = Callable[..., Any]


@pytest.fixture
def owner_(
    alice: User,
    person: MakePerson,
    registered: RunningSimulator,
    events_redis: "redis.Redis",
) -> Person:
    """Return Alice, whose car Red is awake; nothing was told yet."""
    someone = person(alice)
    rouse(registered, "Red")
    for name in events_redis.scan_iter("keyfob:*"):
        events_redis.delete(name)
    return someone


def bodies(client: "redis.Redis", key: str) -> list[Any]:
    """Return what was told of one kind."""
    return [body[key] for _, body in events.read(client) if key in body]


@pytest.mark.parametrize(
    ("groups", "whole"),
    [
        ("", True),
        ("charge_state", False),
        ("charge_state;climate_state;drive_state;vehicle_config;vehicle_state", True),
    ],
)
def test_whole_reading_holds_what_listeners_expect(groups: str, *, whole: bool) -> None:
    assert is_whole(groups) is whole


def test_reading_by_a_program_is_told_with_state_and_credits(
    play: Play, owner_: Person, alice: User, events_redis: "redis.Redis"
) -> None:
    Vehicle.objects.update(state="asleep")
    path = path_of(owner_)

    async def story(program: Program) -> None:
        for query in (WHOLE, b"endpoints=charge_state&use_cache=false"):
            answer = await program.call(path, query=query)
            assert answer.status == 200

    play(story, owner_.access_token)
    (reading,) = bodies(events_redis, "vehicle_data")
    assert "battery_level" in reading["charge_state"]
    assert "latitude" not in str(reading)
    assert bodies(events_redis, "state") == ["online"]
    found = bodies(events_redis, "credits")
    assert {one["name"] for one in found} == {"vehicle_data"}
    assert sum(one["cost"] for one in found) == 4
    assert {account for account, _ in events.read(events_redis)} == {alice.pk}
    assert Vehicle.objects.filter(state="online").count() == 1


def test_refresh_reads_anew_and_is_told(
    play: Play, owner_: Person, events_redis: "redis.Redis"
) -> None:
    vin = path_of(owner_).split("/")[4]

    async def story(program: Program) -> None:
        for _ in range(2):
            assert (await program.call(f"/api/refresh/{vin}")).status == 200
            await program.door.upstream.news.flush()

    play(story, owner_.access_token)
    readings = bodies(events_redis, "vehicle_data")
    assert [one["vin"] for one in readings] == [vin, vin]
    assert {one["name"] for one in bodies(events_redis, "credits")} == {"refresh"}


def test_same_state_is_said_again_after_a_while_only(transactional_db: None) -> None:
    now = [0.0]

    async def story() -> None:
        threads = Threads()
        news = News(threads, clock=lambda: now[0])
        heard = []
        for at_s, state in (
            (0, "online"),
            (1, "online"),
            (2, "asleep"),
            (40, "asleep"),
        ):
            now[0] = at_s
            news.saw_state("VIN", state, 1.0)
            heard.append(bool(news._states))  # noqa: SLF001
            await news.flush()
        await news.close()
        await asyncio.to_thread(threads.close)
        assert heard == [True, False, True, True]

    asyncio.run(story())


def test_database_that_is_away_loses_news_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Away(Threads):
        """Threads whose database does not answer."""

        async def quickly(self, question: Callable[[], Any]) -> Any:  # noqa: ARG002
            raise DatabaseError

    async def story() -> None:
        threads = Away()
        news = News(threads)
        news.saw_state("VIN", "online", 1.0)
        await news.close()
        await asyncio.to_thread(threads.close)

    asyncio.run(story())
    assert "The news of 1 cars was not told." in caplog.text


def test_site_that_a_program_changed_is_read_anew_with_the_next_poll(
    play: Play, owner_: Person, events_redis: "redis.Redis"
) -> None:
    site_id = SiteAccess.objects.get().site.site_id
    assert pacing.may_ask(site_id, pacing.INFO)
    path = f"/api/1/energy_sites/{site_id}/backup"

    async def story(program: Program) -> None:
        body = b'{"backup_reserve_percent": 30}'
        answer = await program.call(path, method="POST", body=body)
        assert answer.status == 200

    assert not pacing.may_ask(site_id, pacing.INFO)
    play(story, owner_.access_token)
    assert pacing.may_ask(site_id, pacing.INFO)
