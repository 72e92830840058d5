"""Take the records that Tesla's own server publishes, instead of cars' connections.

Tesla's server publishes each record once, to whoever listens at that moment, and tells
the car that it is safe: what it publishes while nobody of ours listens is lost.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import redis
from redis import asyncio as redis_async

from events.event import Entry
from fleet.records import published
from fleet.records.record import Malformed, Record, come
from telemetry.receiver.announcing import entries_of
from telemetry.receiver.dispatch import Dispatch, Publishes
from telemetry.receiver.limits import Counters, Limits
from telemetry.receiver.metering import Metering
from telemetry.receiver.watching import Ask, Watching

_LOG = logging.getLogger(__name__)
_AGAIN_S = 1.0
_FLUSH_S = 5.0
_LAST_WORDS_S = 5.0
_MOST_CARS = 100_000
_MOST_EARLY = 1000


class Kept:
    """A record that Redis did not confirm: kept, and tried again while there is room."""

    def __init__(self, to: "Subscriber", entries: list[Entry], size: int) -> None:
        self._to = to
        self._entries = entries
        self._size = size

    def safe(self, _token: bytes, /) -> bool:
        """Count that it is in Redis; there is nobody to answer."""
        self._to.counters.acknowledged += 1
        self._to.kept_bytes -= self._size
        return False

    def flush(self) -> None:
        """Answer nobody."""

    def lost(self) -> None:
        """Try again in a moment; the car believes it safe already."""
        asyncio.get_running_loop().call_later(_AGAIN_S, self.put)

    def put(self) -> None:
        """Bring it to Redis."""
        self._to.dispatch.put(self._entries, self, b"", self._size)


class Subscriber:
    """One process that listens to Tesla's server, by its Redis dispatcher."""

    def __init__(  # noqa: PLR0913 - each is another neighbor
        self,
        channel: Publishes,
        *,
        redis_url: str,
        namespace: str,
        ask: Ask,
        metering: Metering,
        limits: Limits | None = None,
    ) -> None:
        self.counters = Counters()
        self.dispatch = Dispatch(channel)
        self.kept_bytes = 0
        self._limits = limits or Limits()
        self._pattern = f"{namespace}_*"
        self._metering = metering
        self._watching = Watching(ask)
        self._early: dict[str, list[tuple[Record, int]]] = {}
        self._cars: set[str] = set()
        self._redis = redis_async.Redis.from_url(
            redis_url, socket_connect_timeout=3, health_check_interval=15
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until told to stop, through every absence of Redis."""
        tasks = [
            asyncio.create_task(one)
            for one in (self._watching.run(), self._listen(), self._flush())
        ]
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in [waiting, *tasks]:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await self.dispatch.drained()
        await self._metering.flush()
        self._metering.close()
        self._watching.close()
        await self._redis.aclose()
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as subscription:
                    await subscription.psubscribe(self._pattern)
                    async for message in subscription.listen():
                        self._hear(message)
            except (redis.RedisError, OSError) as error:
                self.counters.connected = 0
                _LOG.warning(
                    "What Tesla's server publishes is lost for now: %s",
                    type(error).__name__,
                )
                await asyncio.sleep(_AGAIN_S)

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_S)
            await self._metering.flush()

    def _hear(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "psubscribe":
            self.counters.connected = 1
        if message["type"] != "pmessage":
            return
        self.counters.frames += 1
        channel, document = message["channel"], message["data"]
        try:
            if len(document) > self._limits.frame_bytes:
                raise Malformed("The record is too long")  # noqa: TRY301
            now_ms = int(time.time() * 1000)
            name = channel.decode(errors="replace")
            record = come(published.read(name, document, now_ms), now_ms)
        except Malformed:
            self.counters.malformed += 1
            return
        self._take(record, len(document))

    def _take(self, record: Record, size: int) -> None:
        vin = record.vin
        if self._watching.viewers(vin) is not None:
            self._put(record, size)
            return
        early = self._early.setdefault(vin, [])
        if len(early) < _MOST_EARLY and len(self._cars) < _MOST_CARS:
            early.append((record, size))
        else:
            self.counters.published_lost += 1
        if vin not in self._cars and len(self._cars) < _MOST_CARS:
            self._cars.add(vin)
            self._watching.add(vin, lambda: self._known(vin))

    def _known(self, vin: str) -> None:
        for record, size in self._early.pop(vin, ()):
            self._put(record, size)

    def _put(self, record: Record, size: int) -> None:
        counters = self.counters
        viewers = self._watching.viewers(record.vin) or ()
        counters.records += 1
        if not viewers:
            counters.nobody += 1
        if record.values:
            counters.signals += len(record.values)
            self._metering.count(record.vin, viewers, len(record.values))
        if self.kept_bytes > self._limits.waiting_bytes:
            counters.published_lost += 1
            return
        self.kept_bytes += size
        Kept(self, entries_of(record, viewers), size).put()
