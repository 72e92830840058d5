"""Find out what names lead to, each in a thread of its own.

A name whose servers are silent keeps the system's resolver busy for half a minute, and
an event loop has a few threads for all of them: two such names would stop everybody's.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

Found = Sequence[tuple[Any, ...]]
Resolve = Callable[[str, int], Coroutine[Any, Any, Found]]

MOST = 64
# A name that failed is not asked for again as long as it took, within these limits.
FAILED_S = 5.0
_LONGEST_FAILED_S = 60.0
_MOST_FAILED = 4096


def ask(host: str, flags: int = 0) -> Found:
    """Return what `socket.getaddrinfo` returns, without a port."""
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=flags)


class Names:
    """Ask for `most` names at once, for each once at a time; used in one event loop.

    `failed_s` is the least time for which a failure is remembered, 0 for never. What
    hangs keeps neither the loop nor the process from ending.
    """

    def __init__(
        self,
        ask: Callable[[str], Found] = ask,
        *,
        most: int = MOST,
        failed_s: float = FAILED_S,
    ) -> None:
        self._ask, self._failed_s = ask, failed_s
        self._places = asyncio.Semaphore(most)
        self._asked: dict[str, asyncio.Task[Found | Exception]] = {}
        # Until when, the oldest first.
        self._failed: dict[str, tuple[float, Exception]] = {}

    async def resolve(self, host: str, port: int) -> Found:
        """Return what `socket.getaddrinfo` returns.

        Raises `socket.gaierror` for a name that leads nowhere, UnicodeError for none.
        """
        try:
            # What is no name needs nobody to be asked.
            found = ask(host, socket.AI_NUMERICHOST)
        except socket.gaierror:
            found = await self._find(host.lower())
        return [(*facts, (number, port, *rest)) for *facts, (number, _, *rest) in found]

    async def _find(self, host: str) -> Found:
        answer: Found | Exception
        until_s, answer = self._failed.get(host, (0.0, ()))
        if until_s <= asyncio.get_running_loop().time():
            asked = self._asked.get(host)
            if asked is None:
                asked = self._asked[host] = asyncio.ensure_future(self._look_up(host))
                asked.add_done_callback(lambda _: self._asked.pop(host))
            # Who gives up leaves it to the others.
            answer = await asyncio.shield(asked)
        if isinstance(answer, Exception):
            # Many may be told of it, and each would add where it was.
            raise answer.with_traceback(None)
        return answer

    async def _look_up(self, host: str) -> Found | Exception:
        """Return what a name leads to, or the error, which nobody may wait for."""
        loop = asyncio.get_running_loop()
        async with self._places:
            began_s, answer = loop.time(), loop.create_future()
            # Threads of a pool are waited for at the end of the process.
            threading.Thread(
                target=self._work, args=(host, loop, answer), daemon=True
            ).start()
            found: Found | Exception = await answer
        self._failed.pop(host, None)
        if isinstance(found, Exception) and self._failed_s:
            took_s = loop.time() - began_s
            kept_s = min(max(took_s, self._failed_s), _LONGEST_FAILED_S)
            self._failed[host] = loop.time() + kept_s, found
            if len(self._failed) > _MOST_FAILED:
                del self._failed[next(iter(self._failed))]
        return found

    def _work(
        self,
        host: str,
        loop: asyncio.AbstractEventLoop,
        answer: asyncio.Future[Found | Exception],
    ) -> None:
        found: Found | Exception
        try:
            found = self._ask(host)
        except (OSError, ValueError) as error:
            found = error
        # The loop may have ended meanwhile.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_hand_over, answer, found)


def _hand_over(
    answer: asyncio.Future[Found | Exception], found: Found | Exception
) -> None:
    if not answer.done():
        answer.set_result(found)
