"""A web process with real streams, and people who listen to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis
from django.conf import settings

from accounts.models import User
from events import channel
from events.event import Entry, Event
from tests.factories import make_bare_grant, make_energy_site, make_vehicle
from tests.telemetry.stream.listening import Line, Server, serving
from tokens.models import TeslaGrant
from tokens.services import access_tokens
from vehicles.models import VehicleAccess

VIN = "5YJ3E1EA4PF000001"
OTHER_VIN = "5YJ3E1EA4PF000002"
SITE = 2252142071


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """Return a client of a Redis without events."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for name in client.scan_iter("keyfob:*"):
            client.delete(name)
        yield client


@pytest.fixture(scope="module")
def _server(
    emptied_at_last: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("streams")) as server:
        yield server


@pytest.fixture
def server(transactional_db: None, broker: redis.Redis, _server: Server) -> Server:
    """Return a running web process."""
    return _server


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a linked Tesla account and an access token."""

    user: User
    grant: TeslaGrant
    token: str
    tell: Callable[..., None]

    def access(self, vin: str = VIN) -> VehicleAccess:
        return VehicleAccess.objects.get(vehicle__vin=vin, grant=self.grant)


MakePerson = Callable[..., Person]


@pytest.fixture
def person(transactional_db: None, broker: redis.Redis) -> MakePerson:
    """Return a function that gives a user cars and sites and an access token."""

    def make(
        user: User,
        *,
        vins: tuple[str, ...] = (VIN,),
        site: int | None = None,
        **how: Any,
    ) -> Person:
        grant = make_bare_grant(user, **how)
        for vin in vins:
            make_vehicle(grant, vin=vin)
        if site is not None:
            make_energy_site(grant, site_id=site)
        _, token = access_tokens.issue(user, "test")

        def tell(*events: Event) -> None:
            channel.publish(broker, [Entry(user.pk, event) for event in events])

        return Person(user, grant, token, tell)

    return make


Listen = Callable[..., Line]


@pytest.fixture
def listen(server: Server) -> Iterator[Listen]:
    """Return a function that opens a stream and reads its beginning."""
    lines: list[Line] = []

    def open_line(path: str = "/sse", **how: Any) -> Line:
        line = server.listen(path, **how)
        lines.append(line)
        return line

    open_line.server = server  # type: ignore[attr-defined]
    yield open_line
    for line in lines:
        line.socket.close()
