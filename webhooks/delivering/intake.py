"""Read the streams as one of a group, and hand on what somebody wants to be told.

Each process reads under a name of its own and says again and again that it is alive.
What a dead one had read and not confirmed is claimed by those who live. What a living
one was given in a reply that got lost, it finds again among its own.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from events.errors import Unavailable
from events.link import WITHIN_S, Link
from events.store import STREAMS, Stored, key, stored
from webhooks.delivering.acks import GROUP

_LOG = logging.getLogger(__name__)
COUNT = 200
BLOCK_MS = 500
ALIVE_S = 15
_AWAY_S = 0.5
_KEYS = tuple(key(shard) for shard in range(STREAMS))
_NEW = (">",) * STREAMS
# Forget a consumer, unless it is alive or something that it read waits to be claimed.
_DISMISS = """
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
local waiting = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2])
if #waiting > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
"""
Hand = Callable[[Sequence[Stored]], Awaitable[None]]


class Intake:
    """Read under a name of its own; `hand` is given what was read, in its order."""

    def __init__(self, redis_url: str, hand: Hand, *, alive_s: int = ALIVE_S) -> None:
        self.name = f"d{secrets.token_hex(6)}"
        self._reading, self._asking = Link(redis_url), Link(redis_url)
        self._turn = asyncio.Lock()
        self._hand, self._alive_s = hand, alive_s
        self._has_groups = False
        # What was handed on and is not confirmed yet.
        self._held: set[tuple[int, str]] = set()
        self._regained = self._checked = 0

    @property
    def _losses(self) -> int:
        return self._reading.losses + self._asking.losses

    async def ask(self, *request: Any) -> Any:
        """Ask Redis one thing after the other. Raises `Unavailable`."""
        async with self._turn:
            return await self._asking.ask(*request)

    async def confirm(self, shard: int, ids: Sequence[str]) -> None:
        """Tell Redis that these entries are done with. Raises `Unavailable`."""
        await self.ask("XACK", key(shard), GROUP, *ids)
        self._held.difference_update((shard, one) for one in ids)

    async def run(self) -> None:
        """Read for ever; a Redis that is away is asked again."""
        while True:
            try:
                if not self._has_groups:
                    await self._make_groups()
                losses = self._losses
                if losses != self._regained:
                    await self._regain()
                    self._regained = losses
                await self._hand_on(await self._read())
            except Unavailable as error:
                # A Redis that comes back empty has no groups either.
                self._has_groups = False
                _LOG.info("The streams cannot be read: %s", error)
                await asyncio.sleep(max(_AWAY_S, self._reading.pause_s))

    async def stay_alive(self) -> None:
        """Say for ever that this process is alive, whatever else it waits for."""
        while True:
            try:
                await self.ask("SET", _alive(self.name), 1, "EX", self._alive_s)
            except Unavailable as error:
                _LOG.info("Nobody was told that this process is alive: %s", error)
            await asyncio.sleep(self._alive_s / 3)

    async def look_after(self) -> None:
        """Claim what dead ones left, and look for what was lost on the way, for ever."""
        while True:
            try:
                losses = self._losses
                if losses != self._checked:
                    # A question that was cut off may have been answered after all.
                    await self._regain()
                    self._checked = losses
                for shard in range(STREAMS):
                    await self._inherit(shard)
            except Unavailable as error:
                _LOG.info("What others left cannot be claimed: %s", error)
            await asyncio.sleep(self._alive_s / 3)

    async def close(self) -> None:
        """Say that this process is gone, and close the connections."""
        try:
            await self.ask("DEL", _alive(self.name))
        except Unavailable:
            _LOG.info("Redis was not told of the end of this process")
        await self._reading.close()
        await self._asking.close()

    async def _read(self) -> list[Stored]:
        reply = await self._reading.ask(
            *("XREADGROUP", "GROUP", GROUP, self.name, "COUNT", COUNT),
            *("BLOCK", BLOCK_MS, "STREAMS"),
            *_KEYS,
            *_NEW,
            within_s=BLOCK_MS / 1000 + WITHIN_S,
        )
        return stored(reply)

    async def _make_groups(self) -> None:
        for name in _KEYS:
            try:
                await self.ask("XGROUP", "CREATE", name, GROUP, "0", "MKSTREAM")
            except Unavailable as error:
                if "BUSYGROUP" not in str(error):
                    raise
        await self.ask("SET", _alive(self.name), 1, "EX", self._alive_s)
        self._has_groups = True

    async def _inherit(self, shard: int) -> None:
        """Claim what consumers of one stream read who are gone."""
        rows = await self.ask("XINFO", "CONSUMERS", key(shard), GROUP)
        for row in rows:
            facts = dict(zip(row[::2], row[1::2], strict=True))
            name = facts[b"name"].decode()
            if name == self.name or await self.ask("EXISTS", _alive(name)):
                continue
            await self._claim_all(shard, name)
            # What is too young to be claimed keeps its reader until the next look.
            await self.ask(
                *("EVAL", _DISMISS, 2, key(shard), _alive(name), GROUP, name)
            )

    async def _claim_all(self, shard: int, name: str) -> None:
        after = "-"
        while rows := await self.ask(
            "XPENDING", key(shard), GROUP, after, "+", COUNT, name
        ):
            ids = [row[0].decode() for row in rows]
            after = f"({ids[-1]}"
            # Who claims second comes too late: the first made them young again.
            found = await self.ask(
                "XCLAIM", key(shard), GROUP, self.name, self._alive_s * 100, *ids
            )
            there = [row for row in found if row and row[1]]
            await self._hand_on(stored([[key(shard).encode(), there]]))

    async def _regain(self) -> None:
        """Hand on what this process was given in replies that it never saw."""
        for shard in range(STREAMS):
            after = "0"
            while True:
                known = frozenset(self._held)
                reply = await self.ask(
                    *("XREADGROUP", "GROUP", GROUP, self.name, "COUNT", COUNT),
                    *("STREAMS", key(shard), after),
                )
                rows = reply[0][1] if reply else []
                if not rows:
                    break
                after = rows[-1][0].decode()
                # The stream was cut meanwhile: there is nothing left to tell.
                gone = [row[0].decode() for row in rows if not row[1]]
                if gone:
                    await self.confirm(shard, gone)
                there = stored([[key(shard).encode(), [row for row in rows if row[1]]]])
                await self._hand_on(
                    [one for one in there if (shard, one.id) not in known]
                )

    async def _hand_on(self, entries: Sequence[Stored]) -> None:
        """Hand on what is not held already, and hold it until it is confirmed."""
        fresh = []
        for one in entries:
            place = one.shard, one.id
            if place not in self._held:
                self._held.add(place)
                fresh.append(one)
        await self._hand(fresh)


def _alive(name: str) -> str:
    return f"keyfob:webhooks:alive:{name}"
