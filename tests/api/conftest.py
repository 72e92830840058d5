"""Call the gateway's door as the server does: an ASGI scope in, messages out."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.conf import settings
from django.core.management import call_command

from accounts.models import User
from api.door import Door
from energy.services import sites
from simulator.testing import RunningSimulator
from tests.api.houses import House
from tests.factories import SCOPES, make_user
from tests.fixtures.live import LiveConsole
from tests.fixtures.tesla import MakeGrant, link, register
from tokens.models import TeslaGrant
from tokens.services import access_tokens, grants
from vehicles.services import vehicles
from vehicles.services.commanding.store import SESSIONS


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        content = self.json
        assert content["response"] is None
        assert content["error_description"]
        return str(content["error"])


class Program:
    """A program with an access token that calls one door."""

    def __init__(self, door: Door, access_token: str) -> None:
        self.door = door
        self.access_token = access_token

    async def call(
        self,
        path: str,
        *,
        method: str = "GET",
        query: bytes = b"",
        body: bytes = b"",
        headers: tuple[tuple[bytes, bytes], ...] | None = None,
        raw_path: bytes | None = None,
    ) -> Answer:
        """Send one request; the token goes as Bearer unless headers are given."""
        if headers is None:
            headers = ((b"authorization", f"Bearer {self.access_token}".encode()),)
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": raw_path if raw_path is not None else path.encode(),
            "query_string": query,
            "headers": list(headers),
        }
        await self.door(scope, receive, send)
        start, *bodies = sent
        return Answer(
            start["status"],
            {k.decode(): v.decode() for k, v in start["headers"]},
            b"".join(part["body"] for part in bodies),
        )


@pytest.fixture(autouse=True)
def _empty_shelf() -> None:
    """Forget the answers and the counted calls of earlier tests; cars recur."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter("keyfob:*"):
            client.delete(key)


@pytest.fixture
def redis_away(settings: Any) -> None:
    """Let there be no Redis."""
    settings.REDIS_URL = f"unix:///nowhere/{uuid4()}.sock"


Story = Callable[[Program], Awaitable[Any]]
Play = Callable[..., Any]


@pytest.fixture
def play(transactional_db: None) -> Play:
    """Return a function that runs a story of calls against a fresh door."""

    def run(story: Story, access_token: str = "") -> Any:
        async def scene() -> Any:
            door = Door()
            try:
                return await story(Program(door, access_token))
            finally:
                await door.close()

        return asyncio.run(scene())

    return run


@pytest.fixture
def ask(play: Play) -> Callable[..., Answer]:
    """Return a function that makes one call with a fresh door and returns the answer."""

    def run(access_token: str, path: str, **request: Any) -> Answer:
        answer = play(lambda program: program.call(path, **request), access_token)
        assert isinstance(answer, Answer)
        return answer

    return run


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a linked Tesla account, synced, and an access token."""

    user: User
    grant: TeslaGrant
    access_token: str


MakePerson = Callable[..., Person]


@pytest.fixture
def person(
    transactional_db: None, registered: RunningSimulator, make_grant: MakeGrant
) -> MakePerson:
    """Return a function that links a user's Tesla account and issues a token."""

    def make(user: User, **how: Any) -> Person:
        grant = make_grant(
            user, f"{(user.email or '').partition('@')[0]}@example.com", **how
        )
        sync(grant)
        _, text = access_tokens.issue(user, "test")
        registered.hub.ledger.clear()
        return Person(user, grant, text)

    return make


@pytest.fixture
def alices(alice: User, person: MakePerson) -> Person:
    """Return Alice with her cars."""
    return person(alice)


@pytest.fixture
def vin(registered: RunningSimulator) -> str:
    """Return the VIN of Red."""
    return registered.world.car_named("Red").vin


def sync(grant: TeslaGrant) -> None:
    """Read a grant's cars and sites from the simulated Tesla."""
    client = grants.client_for(grant)
    vehicles.sync(grant, client)
    sites.sync(grant, client)


Tour = Callable[[Program, dict[str, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Stage:
    """A simulated Tesla, and Alice's program with everything that she owns."""

    simulator: RunningSimulator
    grant: TeslaGrant
    access_token: str
    known: dict[str, Any]

    def play(self, tour: Tour) -> Any:
        """Run a tour of calls against a fresh door."""

        async def scene() -> Any:
            door = Door()
            try:
                return await tour(Program(door, self.access_token), dict(self.known))
            finally:
                await door.close()

        return asyncio.run(scene())


@pytest.fixture(scope="module")
def stage(
    django_db_setup: None,
    django_db_blocker: Any,
    _running_simulator: RunningSimulator,
    _kept_key: dict[str, Any],
) -> Iterator[Stage]:
    """Return Alice's program, once for all tests of this module."""
    simulator = _running_simulator
    simulator.reset()
    with django_db_blocker.unblock():
        register(simulator, _kept_key)
        alice = make_user("alice@example.com")
        grant = link(simulator, alice, "alice@example.com", SCOPES)
        sync(grant)
        _, access_token = access_tokens.issue(alice, "test")
        granny, red = (simulator.world.car_named(one) for one in ("Granny", "Red"))
        granny.wake_up()
        red.wake_up()
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            # What tests before agreed with a car that now begins anew.
            client.delete(SESSIONS + red.vin)
        simulator.clock.advance(120)
        simulator.hub.switches.rate_limits = False
        known = {
            "vehicle_tag": granny.vin,
            "vin": granny.vin,
            "signing_vin": red.vin,
            "vins": [granny.vin],
            "site_id": str(simulator.world.site_named("Home").id),
            "command_properties": {
                "message": {"common": {"get_system_info_request": {}}}
            },
        }
        yield Stage(simulator, grant, access_token, known)
        call_command("flush", interactive=False, verbosity=0)
    simulator.release()


@pytest.fixture
def house(
    streaming: LiveConsole, alice: User, person: MakePerson, tmp_path: Path
) -> House:
    """Return Alice's house; Red is awake, Luna charges at its Wall Connector."""
    world = streaming.simulator.world
    tempo = world.tempo
    tempo.wake_delay_s = tempo.report_lag_s = tempo.write_lag_s = 0.0
    red, luna = world.car_named("Red"), world.car_named("Luna")
    red.wake_up()
    luna.settle()
    luna.condition.charging.limit_percent = 100
    # So long car and connector agree before current flows.
    streaming.simulator.clock.advance(10)
    return House(streaming, tmp_path, person(alice).access_token, red)
