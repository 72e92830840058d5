"""Streams of all doors and processes count together; what a page asks for is heard."""

import asyncio
import dataclasses
from functools import partial
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID

import redis
from django.conf import settings

from accounts.models import User
from console.streaming import Doors
from events import shapes
from events.channel import Stored
from events.event import Topic
from telemetry.stream.admission import Listener
from telemetry.stream.asked import Asked
from telemetry.stream.counting import Streams
from telemetry.stream.hub import Hub
from telemetry.stream.known import Known
from telemetry.stream.mailbox import Mailbox
from tests.telemetry.stream.conftest import OTHER_VIN, VIN, MakePerson
from tests.telemetry.stream.test_admission import cookies
from tests.telemetry.stream.test_inside import AT_MS, Visit, bearer, play


def session(user: User) -> list[tuple[bytes, bytes]]:
    """Return the headers of a browser in which somebody is signed in."""
    (line,) = cookies(user)
    return [(b"cookie", line.removeprefix("Cookie: ").encode())]


def _is_told(visit: Visit) -> bool:
    return bool(visit.text)


def test_streams_of_both_doors_and_all_processes_count_together(
    person: MakePerson, alice: User, bob: User, settings: Any
) -> None:
    somebody, other = person(alice), person(bob)
    settings.STREAMS_PER_ACCOUNT = 2
    pages = session(alice)

    async def story(doors: Doors) -> None:
        elsewhere = Doors(doors.programs._admission._door)  # type: ignore[attr-defined]  # noqa: SLF001
        try:
            first = Visit(doors, "/sse", "", bearer(somebody))
            await first.until(lambda: bool(first.text))
            second = Visit(doors, "/console/stream", "", pages)
            await second.until(lambda: bool(second.text))
            third = Visit(doors, "/sse", "", bearer(somebody))
            await third.task
            assert third.sent[0]["status"] == 429
            await doors.live.streams._known.tell_streams(  # noqa: SLF001
                doors.live.streams._name,  # noqa: SLF001
                dict(doors.live.streams._here),  # noqa: SLF001
            )
            fourth = Visit(elsewhere, "/sse", "", bearer(somebody))
            await fourth.task
            assert fourth.sent[0]["status"] == 429
            assert dict(fourth.sent[0]["headers"])[b"retry-after"] == b"2"
            fifth = Visit(elsewhere, "/sse", "", bearer(other))
            await fifth.until(lambda: bool(fifth.text))
            for visit in (first, second, fifth):
                visit.leaving.set()
                await visit.task
        finally:
            await elsewhere.live.close()

    play(story)


def test_process_that_ends_has_no_streams_for_others(
    broker: redis.Redis, alice: User
) -> None:
    async def story() -> None:
        known, there = Known(settings.REDIS_URL), Known(settings.REDIS_URL)
        here, elsewhere = Streams(known), Streams(there)
        with here.counted(alice.pk):
            await here.tell()
            assert await elsewhere.everywhere(alice.pk) == 1
            await here.leave()
            elsewhere._due_at_s = 0.0  # noqa: SLF001
            assert await elsewhere.everywhere(alice.pk) == 0
        await known.close()
        await there.close()

    asyncio.run(story())


def test_streams_without_redis_are_those_of_this_process(alice: User) -> None:
    async def story() -> None:
        known = Known("redis://127.0.0.1:1/0")
        streams = Streams(known)
        with streams.counted(alice.pk):
            assert await streams.everywhere(alice.pk) == 1
        await streams.leave()
        await known.close()

    asyncio.run(story())


def test_page_that_knows_all_gets_no_snapshot(person: MakePerson, alice: User) -> None:
    somebody = person(alice)
    somebody.tell(shapes.state(VIN, "online", AT_MS))
    pages = session(alice)

    async def story(doors: Doors) -> None:
        for query, is_told in (("", True), ("cache=false", False)):
            visit = Visit(doors, "/console/stream", query, pages)
            await visit.until(partial(_is_told, visit))
            assert (b"online" in visit.text) is is_told
            visit.leaving.set()
            await visit.task
        wrong = Visit(doors, "/console/stream", "cache=maybe", pages)
        await wrong.task
        assert wrong.sent[0]["status"] == 400

    play(story)


def test_what_waits_is_told_before_what_may_be_heard_changes() -> None:
    async def story() -> None:
        known = Known(settings.REDIS_URL)
        hub = Hub(settings.REDIS_URL, known)
        listener = Listener(UUID(int=1), "holder", frozenset({VIN}), Asked())
        box = Mailbox(listener, AsyncMock())
        hub.add(box)
        body = shapes.state(VIN, "online", AT_MS).body
        hub._tell(Stored("1-0", 1, UUID(int=1), VIN, Topic.STATE, body))  # noqa: SLF001
        hub.move(
            box,
            dataclasses.replace(listener, products=frozenset({VIN, OTHER_VIN})),
        )
        assert await box.take() == b"data: %b\n\n" % body
        await hub.close()
        await known.close()

    asyncio.run(story())
