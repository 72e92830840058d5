"""Who calls: access tokens looked up, and remembered for a second at most.

A token that was removed is refused within a second by every process, without anybody
having to tell: what a process remembers is at most that old. One that expires is refused
from that moment on.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connections
from django.db.models import DateTimeField, F, Value
from django.utils import timezone

from tokens.models import AccessToken, HourlyToken
from tokens.services import access_tokens

_LOG = logging.getLogger(__name__)
REMEMBERED_S = 1.0
_MOST_ENTRIES = 10_000
_WRITE_AFTER_S = 1.0
_WRITE_AGAIN_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds an access token: the token's id and name, and its user.

    A connected program's token is the connection, whichever text it was called by;
    `expires_at` is the end of that text.
    """

    token_id: UUID
    user_id: UUID
    name: str
    expires_at: datetime | None = field(default=None, compare=False)


class TokenCache:
    """Look access tokens up, with one query a token and second in this process.

    Belongs to one event loop; its queries run in one thread of its own, whose
    connection `close` ends. Entries are few: the oldest go first.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, Caller | None]] = OrderedDict()
        self._running: dict[str, asyncio.Future[Caller | None]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="access-tokens")
        self._written_s: OrderedDict[str, float] = OrderedDict()
        self._uses: dict[str, tuple[datetime, str]] = {}
        self._writing: asyncio.Task[None] | None = None

    @property
    def size(self) -> int:
        """Return how many tokens are remembered, known ones and refused ones."""
        return max(len(self._entries), len(self._written_s))

    async def identify(self, text: str) -> Caller | None:
        """Return who holds this token, None when nobody does.

        A text that cannot be a token costs no query. Raises `DatabaseError`.
        """
        if not access_tokens.is_well_formed(text):
            return None
        digest = access_tokens.digest(text)
        entry = self._entries.get(digest)
        if entry is not None and self._clock() < entry[0]:
            return entry[1]
        running = self._running.get(digest)
        if running is None:
            running = asyncio.ensure_future(self._look_up(digest))
            self._running[digest] = running
            running.add_done_callback(lambda _: self._running.pop(digest, None))
        # Shielded: others may wait for the same answer when this caller leaves.
        return await asyncio.shield(running)

    async def standing(self, token_ids: Iterable[UUID]) -> dict[UUID, Caller]:
        """Return who holds the tokens of these ids, without those that were removed.

        For what goes on while a connection stands, beyond the hour of the text that
        began it. One query for all of them. Raises `DatabaseError`.
        """
        asked_s, found, missing = self._clock(), {}, []
        for token_id in token_ids:
            entry = self._entries.get(_key(token_id))
            if entry is None or entry[0] <= asked_s:
                missing.append(token_id)
            elif entry[1] is not None:
                found[token_id] = entry[1]
        if missing:
            loop = asyncio.get_running_loop()
            held = await loop.run_in_executor(self._thread, holders_of, missing)
            for token_id in missing:
                caller = held.get(token_id)
                self._remember(_key(token_id), asked_s + REMEMBERED_S, caller)
                if caller is None:
                    self._forget(token_id)
            found |= held
        return found

    def _forget(self, token_id: UUID) -> None:
        """Forget the texts of a token that was removed: whoever comes back is refused."""
        for key, (_, caller) in list(self._entries.items()):
            if caller is not None and caller.token_id == token_id:
                del self._entries[key]

    def used(self, text: str, client: str) -> None:
        """Note that a program used this token, to be written once a minute at most.

        `client` is what the program calls itself. Costs no query now.
        """
        digest = access_tokens.digest(text)
        now = self._clock()
        written = self._written_s.get(digest)
        if written is not None and now < written + _WRITE_AGAIN_AFTER_S:
            return
        self._written_s[digest] = now
        self._written_s.move_to_end(digest)
        if len(self._written_s) > _MOST_ENTRIES:
            self._written_s.popitem(last=False)
        self._uses[digest] = (timezone.now(), client)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write_soon())

    async def flush(self) -> None:
        """Write the uses noted so far; a database that is away is logged."""
        uses, self._uses = self._uses, {}
        if uses:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, _write_uses, uses)

    async def close(self) -> None:
        """Write what is noted and end the thread and its connection."""
        if self._writing is not None:
            self._writing.cancel()
        await self.flush()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, connections.close_all)
        self._thread.shutdown(wait=False)

    async def _look_up(self, digest: str) -> Caller | None:
        # The clock is read before the query, so that no entry outlives its second.
        asked_s = self._clock()
        loop = asyncio.get_running_loop()
        caller = await loop.run_in_executor(self._thread, holder, digest)
        for_s = REMEMBERED_S
        if caller is not None and caller.expires_at is not None:
            left = caller.expires_at - timezone.now()
            for_s = min(for_s, left.total_seconds())
        self._remember(digest, asked_s + for_s, caller)
        return caller

    def _remember(self, key: str, until_s: float, caller: Caller | None) -> None:
        self._entries[key] = (until_s, caller)
        self._entries.move_to_end(key)
        if len(self._entries) > _MOST_ENTRIES:
            self._entries.popitem(last=False)

    async def _write_soon(self) -> None:
        await asyncio.sleep(_WRITE_AFTER_S)
        await self.flush()


def holder(digest: str) -> Caller | None:
    """Find the holder of a token in one query; a disabled user holds none."""
    close_old_connections()
    texts = (
        AccessToken.objects.filter(digest=digest, user__is_active=True)
        .order_by()
        .annotate(until=Value(None, output_field=DateTimeField()))
        .values_list("pk", "user_id", "name", "until")
    )
    hourly = (
        HourlyToken.objects.filter(digest=digest, expires_at__gt=timezone.now())
        .filter(access_token__user__is_active=True)
        .order_by()
        .annotate(until=F("expires_at"))
        .values_list(
            "access_token_id", "access_token__user_id", "access_token__name", "until"
        )
    )
    for row in texts.union(hourly, all=True):
        return Caller(*row)
    return None


def holders_of(token_ids: Collection[UUID]) -> dict[UUID, Caller]:
    """Find who holds the tokens of some ids, in one query; disabled users hold none."""
    close_old_connections()
    rows = AccessToken.objects.filter(pk__in=token_ids, user__is_active=True)
    found = rows.order_by().values_list("pk", "user_id", "name")
    return {row[0]: Caller(*row) for row in found}


def _key(token_id: UUID) -> str:
    """Return by what the token of an id is remembered; no digest looks like it."""
    return f"id {token_id.hex}"


def _write_uses(uses: dict[str, tuple[datetime, str]]) -> None:
    close_old_connections()
    try:
        access_tokens.touch(uses)
    except DatabaseError:
        _LOG.warning("The last use of %d access tokens was not written.", len(uses))
