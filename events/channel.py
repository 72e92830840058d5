"""The way of events through Redis: appended to streams, read in batches.

Streams are sharded by account. What Redis has confirmed is in the stream and among the
newest values; it may be there twice where a reply was lost.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import redis
from redis.exceptions import NoScriptError

from events.errors import Unavailable
from events.event import Entry
from events.link import WITHIN_S, Link
from events.store import (
    KEPT,
    SCRIPT,
    SHARDS,
    Stored,
    arguments,
    key,
    number,
    shard_of,
    stored,
)

__all__ = [
    "KEPT",
    "SHARDS",
    "Channel",
    "Stored",
    "key",
    "number",
    "publish",
    "shard_of",
]

_MOST_IN_ONE_STEP = 1000
_MOST_WAITING = 50_000
_GRACE_S = 1.0
_Batch = list[tuple[Sequence[Entry], asyncio.Future[None]]]


class Channel:
    """One event loop's way to Redis.

    `kept` is about how many entries a shard holds; `within_s` is how long a write may
    take before Redis counts as away.
    """

    def __init__(
        self, redis_url: str, *, kept: int = KEPT, within_s: float = WITHIN_S
    ) -> None:
        self._kept = kept
        self._within_s = within_s
        self._writing = Link(redis_url)
        self._reading = Link(redis_url)
        self._digest = ""
        self._waiting: _Batch = []
        self._waiting_count = 0
        self._writer: asyncio.Task[None] | None = None

    async def publish(self, entries: Sequence[Entry]) -> None:
        """Write entries; return when Redis has confirmed them.

        What is published in one turn of the loop leaves in one write. Raises
        `Unavailable`, within a second more than `within_s`.
        """
        if not entries:
            return
        if self._waiting_count >= _MOST_WAITING:
            raise Unavailable("too much waits for Redis")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entries, done))
        self._waiting_count += len(entries)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await done

    async def newest(self) -> dict[int, str]:
        """Return the id of each shard's newest entry, even if that is gone by now.

        Raises `Unavailable`.
        """
        edges = await self.edges(range(SHARDS))
        return {shard: newest for shard, (_, newest) in edges.items()}

    async def edges(self, shards: Iterable[int]) -> dict[int, tuple[str, str]]:
        """Return the ids of the oldest entry that each shard has, and of its newest.

        The newest may be gone by now, and where all are, counts as the oldest, too:
        ids only grow. Both are "0-0" where nothing was ever written. Raises
        `Unavailable`.
        """
        return {shard: await self._edges(key(shard)) for shard in shards}

    async def read(
        self, after: Mapping[int, str], *, block_ms: int, count: int
    ) -> list[Stored]:
        """Return what came after these ids, at most `count` a shard.

        Waits up to `block_ms` for something to come. Raises `Unavailable`.
        """
        names = [key(shard) for shard in after]
        reply = await self._reading.ask(
            *("XREAD", "COUNT", count, "BLOCK", block_ms, "STREAMS"),
            *names,
            *after.values(),
            within_s=block_ms / 1000 + _GRACE_S,
        )
        return stored(reply)

    async def close(self) -> None:
        """Close the connections; what still waits is told so."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        while batch := self._take():
            self._tell(batch, Unavailable("closed"))
        await self._writing.close()
        await self._reading.close()

    async def _edges(self, name: str) -> tuple[str, str]:
        try:
            reply = await self._reading.ask("XINFO", "STREAM", name)
        except Unavailable as error:
            if "no such key" not in str(error):
                raise
            return "0-0", "0-0"
        facts = dict(zip(reply[::2], reply[1::2], strict=True))
        newest, first = facts[b"last-generated-id"], facts[b"first-entry"]
        oldest = first[0] if first else newest
        return oldest.decode(), newest.decode()

    async def _write(self) -> None:
        batch: _Batch = []
        try:
            while batch := self._take():
                self._tell(batch, await self._step(batch))
        finally:
            self._writer = None
            self._tell(batch, Unavailable("closed"))

    async def _step(self, batch: _Batch) -> Unavailable | None:
        request = arguments(
            (entry for entries, _ in batch for entry in entries), self._kept
        )
        try:
            try:
                await self._run(request)
            except NoScriptError:
                self._digest = ""
                await self._run(request)
        except (Unavailable, NoScriptError) as error:
            return Unavailable(str(error))
        return None

    async def _run(self, request: Sequence[str | bytes | int]) -> None:
        if not self._digest:
            self._digest = (await self._writing.ask("SCRIPT", "LOAD", SCRIPT)).decode()
        await self._writing.ask(
            "EVALSHA", self._digest, 0, *request, within_s=self._within_s
        )

    def _take(self) -> _Batch:
        count = taken = 0
        for entries, _ in self._waiting:
            if taken and count + len(entries) > _MOST_IN_ONE_STEP:
                break
            count += len(entries)
            taken += 1
        batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
        self._waiting_count -= count
        return batch

    @staticmethod
    def _tell(batch: _Batch, error: Unavailable | None) -> None:
        for _, done in batch:
            if done.done():
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)


def publish(client: redis.Redis, entries: Sequence[Entry], *, kept: int = KEPT) -> None:
    """Write entries from a worker or a page; return when Redis has confirmed them.

    Raises `Unavailable`.
    """
    if not entries:
        return
    try:
        client.register_script(SCRIPT)(args=arguments(entries, kept))
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error
