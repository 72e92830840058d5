"""Read what is known for listeners who come, for all who came in the meantime at once."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from events import presence, streams
from events.errors import Unavailable
from events.latest import Snapshot, snapshots_async
from telemetry.stream import frames
from telemetry.stream.asked import Asked
from vehicles.places import shown

_WITHIN_S = 2.0
_FRESH_S = 1.0
_MOST_FRESH = 256
_Key = tuple[UUID, str]
_Fresh = dict[tuple[Asked, frozenset[str], frozenset[str]], tuple[float, bytes]]


class Known:
    """Asks Redis for what is known; belongs to one event loop.

    What is known of an account's products is read and written as text once for all who
    come, until the hub hears something new of the account: who comes is told by the hub
    before this is asked, so that nothing falls between the two.
    """

    def __init__(self, redis_url: str) -> None:
        self._client: Redis = Redis.from_url(
            redis_url,
            socket_timeout=_WITHIN_S,
            socket_connect_timeout=_WITHIN_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._next: tuple[set[_Key], asyncio.Future[dict[_Key, Snapshot]]] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._fresh: dict[UUID, _Fresh] = {}

    async def text(
        self,
        account_id: UUID,
        asked: Asked,
        products: frozenset[str],
        places: frozenset[str],
    ) -> bytes:
        """Return what is known for who asked so, as it is sent. Raises `Unavailable`.

        Where a car is stays out of it, unless it is one of `places`.
        """
        at = (asked, products, places)
        fresh = self._fresh.get(account_id)
        if fresh is None:
            if len(self._fresh) >= _MOST_FRESH:
                self._fresh.clear()
            fresh = self._fresh[account_id] = {}
        kept = fresh.get(at)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1]
        until_s = time.monotonic() + _FRESH_S
        wanted = [asked.product] if asked.product else ["", *sorted(products)]
        found = await self.of(account_id, wanted)
        now = fresh.get(at)
        if now is not None and now is not kept:
            # Who waited beside this one has written it already.
            return now[1]
        text = frames.known([_shown(one, places) for one in found], asked)
        fresh[at] = (until_s, text)
        return text

    def outdate(self, account_id: UUID) -> None:
        """Note that something happened of which no text tells yet."""
        self._fresh.pop(account_id, None)

    def outdate_all(self) -> None:
        """Note that something may have happened to everybody."""
        self._fresh.clear()

    async def of(self, account_id: UUID, products: Iterable[str]) -> list[Snapshot]:
        """Return what is known of an account's products. Raises `Unavailable`."""
        keys = [(account_id, product) for product in products]
        if self._next is None:
            self._next = (set(), asyncio.get_running_loop().create_future())
        wanted, answer = self._next
        wanted.update(keys)
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())
        found = await asyncio.shield(answer)
        return [found[one] for one in keys]

    async def note_present(self, accounts: set[UUID]) -> None:
        """Note that accounts have listeners. Raises `Unavailable`."""
        await presence.note_async(self._client, accounts)

    async def tell_streams(
        self, process: str, counts: Mapping[UUID, int]
    ) -> Counter[UUID]:
        """Tell a process's streams; return those of others. Raises `Unavailable`."""
        return await streams.tell(self._client, process, counts)

    async def forget_streams(self, process: str) -> None:
        """Tell that a process has no streams any more. Raises `Unavailable`."""
        await streams.leave(self._client, process)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _read(self) -> None:
        try:
            while self._next is not None:
                (wanted, answer), self._next = self._next, None
                pairs = list(wanted)
                try:
                    found = await snapshots_async(self._client, pairs)
                except Unavailable as error:
                    answer.set_exception(error)
                    answer.exception()
                else:
                    answer.set_result(dict(zip(pairs, found, strict=True)))
        finally:
            self._reader = None


def _shown(known: Snapshot, places: frozenset[str]) -> Snapshot:
    return shown(known, sees_location=known.product in places)
