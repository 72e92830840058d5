"""Entries that went away before they were read: listeners get what is known again."""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from console.streaming import Doors
from events import channel, shapes
from events.event import Entry
from telemetry.stream import hub
from tests.faults.processes import OwnRedis
from tests.telemetry.stream.conftest import VIN, MakePerson
from tests.telemetry.stream.listening import beside
from tests.telemetry.stream.test_inside import Visit, bearer, play

AT_MS = 1785233730007
pytestmark = pytest.mark.fault


class Road:
    """The way to a Redis that can be cut while others still reach it."""

    def __init__(self, own: OwnRedis, folder: Path, settings: Settings) -> None:
        self.redis = own
        self._door = folder / "door.sock"
        self.open()
        settings.REDIS_URL = f"unix://{self._door}"

    def open(self) -> None:
        self._door.symlink_to(self.redis.socket)

    def cut(self) -> None:
        self._door.unlink()
        self.redis.process.kill()
        self.redis.start()

    def tell(self, user: User, *values: dict[str, Any], kept: int = 10_000) -> None:
        with self.redis.client() as client:
            for number, one in enumerate(values):
                event = shapes.data(VIN, one, AT_MS + number)
                channel.publish(client, [Entry(user.pk, event)], kept=kept)

    def empty(self) -> None:
        with self.redis.client() as client:
            client.flushall()


@pytest.fixture
def road(own_redis: OwnRedis, tmp_path: Path, settings: Settings) -> Road:
    """Return the way of this process to a Redis of its own."""
    return Road(own_redis, tmp_path, settings)


def told(visit: Visit) -> list[dict[str, Any]]:
    lines = visit.text.decode().split("\n")
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


def known(visit: Visit) -> list[dict[str, Any]]:
    return [one["data"] for one in told(visit) if one.get("isCache")]


def trim(road: Road, user: User) -> None:
    values: list[dict[str, Any]] = [
        {"Gear": "P"},
        *({"Soc": number} for number in range(400)),
    ]
    road.tell(user, *values, kept=1)


def empty(road: Road, user: User) -> None:
    road.empty()
    road.tell(user, {"Gear": "P", "Soc": 399})


@pytest.mark.parametrize("lose", [trim, empty])
def test_listeners_get_again_what_is_known(
    person: MakePerson, alice: User, road: Road, lose: Callable[[Road, User], None]
) -> None:
    somebody = person(alice)

    async def story(doors: Doors) -> None:
        visit = Visit(doors, "/sse", "", bearer(somebody))
        bare = Visit(doors, "/sse", "cache=false", bearer(somebody))
        await visit.until(lambda: bool(visit.text) and bool(bare.text))
        await beside(road.tell, alice, {"Soc": 0})
        await visit.until(lambda: b'"Soc":0' in visit.text)
        await beside(road.cut)
        await beside(lose, road, alice)
        road.open()
        await visit.until(lambda: b"isCache" in visit.text)
        assert known(visit) == [{"Gear": "P", "Soc": 399}]
        await beside(road.tell, alice, {"Soc": 400})
        await visit.until(lambda: told(visit)[-1]["data"] == {"Soc": 400})
        await bare.until(lambda: told(bare)[-1]["data"] == {"Soc": 400})
        assert known(visit) == [{"Gear": "P", "Soc": 399}]
        assert known(bare) == []

    play(story)


def test_nothing_is_repeated_when_nothing_was_lost(
    person: MakePerson, alice: User, road: Road
) -> None:
    somebody = person(alice)

    async def story(doors: Doors) -> None:
        visit = Visit(doors, "/sse", "", bearer(somebody))
        await visit.until(lambda: bool(visit.text))
        await beside(road.tell, alice, {"Soc": 1})
        await visit.until(lambda: b'"Soc":1' in visit.text)
        await beside(road.cut)
        await beside(road.tell, alice, {"Soc": 2})
        road.open()
        await visit.until(lambda: b'"Soc":2' in visit.text)
        assert [one["data"] for one in told(visit)] == [{"Soc": 1}, {"Soc": 2}]

    play(story)


def test_hub_that_fell_behind_tells_what_is_known(
    person: MakePerson, alice: User, road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_COUNT", 10)
    somebody = person(alice)

    async def story(doors: Doors) -> None:
        visit = Visit(doors, "/sse", "", bearer(somebody))
        await visit.until(lambda: bool(visit.text))
        road.tell(alice, {"Soc": 0})
        await visit.until(lambda: b'"Soc":0' in visit.text)
        # Nobody reads while this thread writes.
        trim(road, alice)
        await asyncio.sleep(0)
        await visit.until(lambda: b"isCache" in visit.text)
        assert known(visit)[-1]["Gear"] == "P"

    play(story)


def test_listeners_who_come_again_hear_the_newest(
    person: MakePerson, alice: User, road: Road
) -> None:
    somebody = person(alice)

    async def story(doors: Doors) -> None:
        for number in range(10):
            await beside(road.tell, alice, {"Soc": number})
            for _ in range(3):
                visit = Visit(doors, "/sse", "", bearer(somebody))
                await visit.until(partial(told, visit))
                assert told(visit)[-1]["data"]["Soc"] == number

    play(story)
