"""One connection to Redis that is made when needed and never waited for long.

After a failure nobody tries again for a moment, which doubles up to two seconds, so
that whoever asks meanwhile is told at once.
"""

import asyncio
from typing import Any

import hiredis
from redis.asyncio import Connection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
    NoScriptError,
    RedisError,
    ResponseError,
)

from events.errors import Unavailable
from events.store import Argument

WITHIN_S = 1.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0


class Link:
    """One event loop's connection to Redis; one request at a time."""

    def __init__(self, redis_url: str) -> None:
        self._pool = ConnectionPool.from_url(
            redis_url,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=WITHIN_S,
            socket_timeout=None,
            protocol=2,
        )
        self._connection: Connection | None = None
        self._next_pause_s = _FIRST_PAUSE_S
        self._away_until_s = 0.0
        # How many connections were lost, and with each perhaps a reply.
        self.losses = 0

    @property
    def pause_s(self) -> float:
        """Return for how long it is better not to ask."""
        return max(0.0, self._away_until_s - asyncio.get_running_loop().time())

    async def ask(self, *request: Argument, within_s: float = WITHIN_S) -> Any:
        """Return the reply to one command.

        Raises `Unavailable` when there was none in time or Redis refused, and
        `NoScriptError` for a script that Redis does not know.
        """
        if self.pause_s:
            raise Unavailable("Redis was away a moment ago")
        try:
            async with asyncio.timeout(within_s):
                reply = await self._exchange(request)
        except NoScriptError:
            raise
        except ResponseError as error:
            raise Unavailable(str(error)) from None
        except (RedisError, OSError) as error:
            await self._drop()
            now_s = asyncio.get_running_loop().time()
            self._away_until_s = now_s + self._next_pause_s
            self._next_pause_s = min(2 * self._next_pause_s, _LONGEST_PAUSE_S)
            raise Unavailable(type(error).__name__) from None
        except BaseException:
            # What comes yet would be taken for the reply to the next request.
            await self._drop()
            raise
        self._next_pause_s = _FIRST_PAUSE_S
        return reply

    async def close(self) -> None:
        """Close the connection."""
        await self._drop()
        await self._pool.aclose()

    async def _exchange(self, request: tuple[Argument, ...]) -> Any:
        if self._connection is not None:
            try:
                return await _reply(self._connection, request)
            except RedisConnectionError:
                # It may have died long ago, with a Redis that is back by now.
                await self._drop()
        connection: Connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        self._connection = connection
        await connection.connect()  # type: ignore[no-untyped-call]
        return await _reply(connection, request)

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self.losses += 1
            await connection.disconnect(nowait=True)


async def _reply(connection: Connection, request: tuple[Argument, ...]) -> Any:
    # The connection's own way of packing is Python, and ten times as slow.
    packed = hiredis.pack_command(request)  # type: ignore[arg-type]  # any length
    await connection.send_packed_command(packed, check_health=False)
    return await connection.read_response()
