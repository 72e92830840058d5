"""The doors in this process: whom they watch over, and what they leave behind."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from api.door import Door
from console.streaming import Doors
from events import channel, presence, shapes
from events.event import Entry
from telemetry.stream.admission import Listener
from telemetry.stream.asked import Asked
from telemetry.stream.door import Stream
from tests.api.test_standing import make_subscription
from tests.telemetry.stream.conftest import OTHER_VIN, VIN, MakePerson, Person
from tests.telemetry.stream.listening import beside
from tests.telemetry.stream.test_admission import ENDS_WITHIN_S, cookies
from tokens.models import AccessToken

AT_MS = 1785233730007
Body = list[bytes]


class Visit:
    """One request to a door, going on."""

    def __init__(self, doors: Doors, path: str, query: str, headers: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.leaving = asyncio.Event()
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
        }
        stream = doors.of(path)
        assert stream is not None
        self.task = asyncio.create_task(stream(scope, self._receive, self._send))

    @property
    def text(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    async def until(self, is_true: Callable[[], object]) -> None:
        async with asyncio.timeout(8):
            while not is_true():  # noqa: ASYNC110  # messages come by calls
                await asyncio.sleep(0.01)

    async def _receive(self) -> dict[str, Any]:
        await self.leaving.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.sent.append(message)


Story = Callable[[Doors], Awaitable[None]]


def play(story: Story) -> None:
    async def scene() -> None:
        door = Door()
        doors = Doors(door)
        try:
            await story(doors)
        finally:
            await doors.live.close()
            await door.close()

    asyncio.run(scene())


def bearer(who: Person) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"Bearer {who.token}".encode())]


def tell(who: Person, vin: str = VIN) -> None:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        event = shapes.data(vin, {"Soc": 5}, AT_MS)
        channel.publish(client, [Entry(who.user.pk, event)])


def test_listener_is_told_watched_and_forgotten(
    person: MakePerson, alice: User, broker: redis.Redis
) -> None:
    somebody = person(alice, vins=(VIN, OTHER_VIN))
    tell(somebody)

    async def story(doors: Doors) -> None:
        account = Visit(doors, "/sse", "topics=data", bearer(somebody))
        car = Visit(doors, f"/sse/{OTHER_VIN}", "?cache=false", bearer(somebody))
        signal = Visit(doors, f"/sse/{VIN}/Soc", "", bearer(somebody))
        await account.until(lambda: b'"isCache":true' in account.text)
        await car.until(lambda: bool(car.text))
        assert car.text == b"retry: 1000\n\n"
        await signal.until(lambda: b'"isCache":true' in signal.text)
        await beside(tell, somebody)
        await account.until(lambda: account.text.count(b'"Soc":5') == 2)
        await beside(tell, somebody, OTHER_VIN)
        await car.until(lambda: b'"Soc":5' in car.text)
        await signal.until(lambda: signal.text.count(b'"Soc":5') == 2)
        assert await beside(presence.listening, broker) == {alice.pk}
        access = await beside(somebody.access, OTHER_VIN)
        access.gone_at = timezone.now()
        await beside(access.save, update_fields=["gone_at"])
        await car.until(car.task.done)
        assert car.sent[-1] == {"type": "http.response.body", "body": b""}
        signal.leaving.set()
        await signal.until(signal.task.done)
        await beside(AccessToken.objects.all().delete)
        await account.until(account.task.done)
        refused = Visit(doors, "/sse", "", bearer(somebody))
        await refused.task
        assert refused.sent[0]["status"] == 401

    play(story)


def test_page_is_told_and_process_ends_its_streams(
    person: MakePerson, alice: User
) -> None:
    somebody = person(alice)
    name, _, value = cookies(alice)[0].partition(": ")
    headers = [(name.lower().encode(), value.encode())]

    async def story(doors: Doors) -> None:
        page = Visit(doors, "/console/stream", f"vin={VIN}", headers)
        await page.until(lambda: bool(page.text))
        await beside(tell, somebody)
        await page.until(lambda: b'"Soc":5' in page.text)
        doors.live.end()
        await page.until(page.task.done)
        late = Visit(doors, "/console/stream", "", headers)
        await late.task
        assert late.sent[0]["status"] == 503
        assert doors.of("/console") is None

    play(story)


class Slow:
    """Lets everybody in, but not before it is told to."""

    def __init__(self) -> None:
        self.is_asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def admit(self, scope: dict[str, Any]) -> Listener:  # noqa: ARG002  # given to all
        self.is_asked.set()
        await self.may_answer.wait()
        return Listener(uuid4(), "holder", frozenset({VIN}), Asked())

    async def still(self, listeners: Sequence[Listener]) -> Sequence[Listener]:
        return listeners


def test_who_comes_while_the_process_is_told_to_end_is_refused(
    broker: redis.Redis,
) -> None:
    async def story(doors: Doors) -> None:
        slow = Slow()
        doors.programs = Stream(slow, doors.live, most=1)
        late = Visit(doors, "/sse", "", [])
        await slow.is_asked.wait()
        doors.live.end()
        slow.may_answer.set()
        await late.until(late.task.done)
        assert late.sent[0]["status"] == 503
        assert dict(late.sent[0]["headers"])[b"retry-after"] == b"2"
        assert b'"restarting"' in late.text

    play(story)


def test_streams_wait_for_a_redis_that_is_there(
    person: MakePerson, alice: User, settings: Any
) -> None:
    somebody = person(alice)
    settings.REDIS_URL = "unix:///nowhere/redis.sock"

    async def story(doors: Doors) -> None:
        visit = Visit(doors, "/sse", "", bearer(somebody))
        await visit.task
        assert visit.sent[0]["status"] == 503
        assert b"stream_unavailable" in visit.text

    play(story)


def test_stream_above_the_limit_is_refused_here(
    person: MakePerson, alice: User, settings: Any
) -> None:
    somebody = person(alice)
    settings.STREAMS_PER_ACCOUNT = 1

    async def story(doors: Doors) -> None:
        first = Visit(doors, "/sse", "", bearer(somebody))
        await first.until(lambda: bool(first.text))
        second = Visit(doors, "/sse", "", bearer(somebody))
        await second.task
        assert second.sent[0]["status"] == 429
        first.leaving.set()
        await first.task

    play(story)


@pytest.mark.parametrize("path", ["/sse/a-b", "/sse/", "/sse"])
def test_nobody_gets_in_without_a_token(transactional_db: None, path: str) -> None:
    async def story(doors: Doors) -> None:
        visit = Visit(doors, path, "topics=x", [])
        await visit.task
        assert visit.sent[0]["status"] == 401

    play(story)


@pytest.mark.parametrize("path", ["/sse", f"/sse/{VIN}"])
def test_ended_subscription_ends_its_streams(
    person: MakePerson, alice: User, settings: Any, path: str
) -> None:
    settings.BILLING_PROVIDER = "paddle"
    somebody = person(alice)
    row = make_subscription(alice)

    async def story(doors: Doors) -> None:
        visit = Visit(doors, path, "", bearer(somebody))
        await visit.until(lambda: bool(visit.text))
        row.status = "paused"
        await beside(row.save, update_fields=["status"])
        begun_s = time.monotonic()
        await visit.until(visit.task.done)
        assert time.monotonic() - begun_s < ENDS_WITHIN_S
        assert visit.sent[-1] == {"type": "http.response.body", "body": b""}
        again = Visit(doors, path, "", bearer(somebody))
        await again.task
        assert again.sent[0]["status"] == 402
        assert b"subscription_required" in again.text

    play(story)
