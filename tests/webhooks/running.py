"""Run a deliverer inside a test, beside a receiver, and wait for what it does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import uvloop
from django.conf import settings

from accounts.models import User
from events.event import Entry, Event
from tests.webhooks.receiver import Receiver
from webhooks.deliverer import Deliverer, Rhythm
from webhooks.delivering.database import Database
from webhooks.models import Endpoint
from webhooks.networks import policy
from webhooks.sender import Sender
from webhooks.services import endpoints
from webhooks.services.roster import Includes

QUICK = Rhythm(roster_s=0.1, sweep_s=0.1, tidy_s=5, beat_s=5, alive_s=1)
VIN = "5YJ3E1EA4PF000001"
WITHIN_S = 30.0
_T = TypeVar("_T")


async def until(is_so: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    """Wait until something is so; fail when it takes too long."""
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110  # what changes is outside this loop
            await asyncio.sleep(0.01)


@dataclass
class Place:
    """Hold a receiver and a way to the database; what delivers runs elsewhere."""

    receiver: Receiver
    database: Database

    async def until(
        self, is_so: Callable[[], bool], within_s: float = WITHIN_S
    ) -> None:
        """Wait until something is so; fail when it takes too long."""
        await until(is_so, within_s)

    async def until_rows(self, ask: Callable[[], bool]) -> None:
        """Wait until the database says so."""
        async with asyncio.timeout(WITHIN_S):
            while not await self.database(ask):  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.02)


@dataclass
class World(Place):
    """Hold what one test runs."""

    deliverer: Deliverer

    async def add(
        self, user: User, path: str = "/hook", **wishes: Any
    ) -> tuple[Endpoint, str]:
        """Make an endpoint at the receiver, and wait until the deliverer knows it."""
        add = partial(endpoints.add, user, self.receiver.url(path), **wishes)
        made, secret = await self.database(add)
        await self.until(lambda: made.pk in self.deliverer.roster.by_id)
        return made, secret


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run one test's coroutine as the deliverer runs."""
    return uvloop.run(work)


def heard(receiver: Receiver, path: str, part: str) -> set[str]:
    """Return when what came at a path was born, of the events with a `part`."""
    told = [one.json for one in receiver.requests if one.path == path]
    return {one["createdAt"] for one in told if part in one}


def are_named_alike(receiver: Receiver) -> bool:
    """Tell whether each event came under one name everywhere, however often it came."""
    names: dict[tuple[str, bool], str] = {}
    return all(
        names.setdefault((one.json["createdAt"], "data" in one.json), one.name)
        == one.name
        for one in receiver.requests
    )


def sender(**options: Any) -> Sender:
    """Return a sender that may reach this machine, and waits not long."""
    facts = {"total_s": 1.0, "connect_s": 0.5, **options}
    return Sender(policy(["127.0.0.0/8"]), **facts)


def entry(user: User, event: Event) -> Entry:
    """Return an event as an account is told it."""
    return Entry(user.pk, event)


@asynccontextmanager
async def place(receiver: Receiver) -> AsyncIterator[Place]:
    """Run a receiver for deliverers that are processes of their own."""
    database = Database()
    async with receiver:
        try:
            yield Place(receiver, database)
        finally:
            await database.close()


@asynccontextmanager
async def world(
    receiver: Receiver | None = None,
    *,
    may_deliver: Callable[[UUID], bool] = lambda _: True,
    includes: Includes = lambda _: True,
    **options: Any,
) -> AsyncIterator[World]:
    """Run a deliverer and stop it gracefully."""
    facts: dict[str, Any] = {
        "redis_url": settings.REDIS_URL,
        "sender": options.pop("sender", None) or sender(),
        "host": "keyfob.example.com",
        "data_lifetime_s": 900,
        "rhythm": QUICK,
        **options,
    }

    def entitlement(user_id: UUID) -> Includes:
        is_open = may_deliver(user_id)
        return lambda vin: is_open and includes(vin)

    deliverer = Deliverer(entitlement, **facts)
    database = Database()
    async with receiver or Receiver() as there:
        running = asyncio.ensure_future(deliverer.run())
        try:
            yield World(there, database, deliverer)
        finally:
            deliverer.stop()
            await running
            await database.close()
