"""Read what is known for listeners who come, for all who came in the meantime at once."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from events import presence
from events.errors import Unavailable
from events.latest import Snapshot, snapshots_async

_WITHIN_S = 2.0
_Key = tuple[UUID, str]


class Known:
    """Asks Redis for what is known; belongs to one event loop.

    A question is never answered from what was read before it was asked.
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
