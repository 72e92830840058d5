"""Publish events without a pause while something breaks, and see that all arrive."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from events import shapes
from events.channel import Channel
from events.errors import Unavailable
from events.event import Entry
from tests.webhooks.receiver import Receiver
from tests.webhooks.running import VIN, heard, until

FROM_MS = 1_700_000_000_000
# A claim whose answer was lost ends with its lease, after half a minute.
ARRIVES_WITHIN_S = 60.0
_PAUSE_S = 0.05


@dataclass
class Load:
    """Publish a state and a datum again and again, and note what Redis confirmed.

    `confirmed` holds when they were born, in their order; `refused` counts failures.
    """

    channel: Channel
    user_id: UUID
    confirmed: list[str] = field(default_factory=list)
    refused: int = 0
    _is_over: bool = False

    async def run(self) -> None:
        """Publish until it is over, whether Redis is there or not."""
        at_ms = FROM_MS
        while not self._is_over:
            at_ms += 1
            events = (
                shapes.state(VIN, "online", at_ms),
                shapes.data(VIN, {"Odometer": at_ms}, at_ms),
            )
            try:
                await self.channel.publish([Entry(self.user_id, one) for one in events])
                self.confirmed.append(shapes.timestamp(at_ms))
            except Unavailable:
                self.refused += 1
            await asyncio.sleep(_PAUSE_S)

    async def goes_on(self) -> None:
        """Wait until twenty more are confirmed."""
        enough = len(self.confirmed) + 20
        await until(lambda: len(self.confirmed) >= enough, ARRIVES_WITHIN_S)

    def end(self) -> None:
        """Publish nothing more."""
        self._is_over = True

    async def has_arrived(self, receiver: Receiver, path: str) -> None:
        """Wait until every state and the newest datum came at a path."""
        await until(
            lambda: (
                {*self.confirmed} <= heard(receiver, path, "state")
                and self.confirmed[-1] in heard(receiver, path, "data")
            ),
            ARRIVES_WITHIN_S,
        )


@asynccontextmanager
async def load(redis_url: str, user_id: UUID) -> AsyncIterator[Load]:
    """Publish beside what a test does, until the load or the test ends."""
    channel = Channel(redis_url)
    found = Load(channel, user_id)
    running = asyncio.ensure_future(found.run())
    try:
        yield found
    finally:
        found.end()
        await running
        await channel.close()
