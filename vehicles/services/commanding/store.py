"""Keep signing sessions for all processes, and let one at a time speak to a car.

Sessions lie sealed in Redis. So does each car's lock, which ends by itself when its
holder dies, and is renewed while the holder lives. Whoever lost the lock unawares
cannot keep a session any more, and what cannot be kept is not sent. While Redis is
away each process has its own lock, and agrees on a session anew for each command:
another process may have used the counters of the one before.
"""

import asyncio
import base64
import binascii
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from redis.asyncio import Redis

from accounts import crypto
from fleet.errors import VehicleBusy
from fleet.signing import Domain, Session
from tokens.async_shared import Shared

SESSIONS = "keyfob:session:"
LOCKS = "keyfob:commanding:"
LOCK_MS = 15_000
_RENEW_AFTER_S = 5.0
_LOCK_WITHIN_S = 45.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.01, 0.25
_KEPT_S = 7 * 86_400
_MOST_SESSIONS = 2000

_TAKE = """
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return {1, redis.call('HMGET', KEYS[2], '2', '3')}
end
return {0}
"""
_SAVE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[5])
return 1
"""
_DROP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[2], ARGV[2])
return 1
"""
_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_FREE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


class LockLost(VehicleBusy):
    """Say that another process speaks to the car by now; nothing was sent."""


@dataclass(slots=True)
class _Held:
    """A car's lock as this process holds it; `token` is "" while Redis is away."""

    token: str = ""
    sealed: dict[Domain, bytes] = field(default_factory=dict, repr=False)
    renewing: asyncio.Task[None] | None = None


class SharedStore:
    """One event loop's view of the sessions that all processes share."""

    def __init__(
        self,
        shared: Shared,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._shared = shared
        self._clock = clock
        self._sleep = sleep
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._held: dict[str, _Held] = {}
        self._sessions: dict[tuple[str, Domain], tuple[bytes, Session]] = {}

    def lock(self, vin: str) -> AbstractAsyncContextManager[object]:
        """Return what lets only one command at a time speak to this car.

        Entering raises `VehicleBusy` where others take too long.
        """
        return self._locked(vin)

    async def load(self, vin: str, domain: Domain) -> Session | None:
        """Return the session kept last, None if there is none."""
        held = self._held.get(vin, _Held())
        known = self._sessions.get((vin, domain))
        if not held.token:
            return known[1] if known else None
        sealed = held.sealed.get(domain)
        if sealed is None:
            return None
        if known is not None and known[0] == sealed:
            return known[1]
        found = _opened(sealed, vin, domain)
        if known is not None and _is_newer(known[1], found):
            # It was used while Redis was away.
            return known[1]
        if found is not None:
            self._keep(found, sealed)
        return found

    async def save(self, session: Session) -> None:
        """Keep a session in the place of the one before. Raises `LockLost`."""
        held = self._held.get(session.vin, _Held())
        if not held.token:
            self._keep(session, b"")
            return
        sealed = _sealed(session)
        answer = await self._run(
            _SAVE,
            session.vin,
            (held.token, LOCK_MS, int(session.domain), sealed, _KEPT_S),
        )
        if answer == 0:
            self._sessions.pop((session.vin, session.domain), None)
            raise LockLost("Another process took the car's lock over")
        held.sealed[session.domain] = sealed
        self._keep(session, sealed)

    async def drop(self, vin: str, domain: Domain) -> None:
        """Forget the session, if there is one."""
        self._sessions.pop((vin, domain), None)
        held = self._held.get(vin, _Held())
        held.sealed.pop(domain, None)
        if held.token:
            await self._run(_DROP, vin, (held.token, int(domain)))

    @asynccontextmanager
    async def _locked(self, vin: str) -> AsyncIterator[None]:
        until_s = self._clock() + _LOCK_WITHIN_S
        lock = self._locks.setdefault(vin, asyncio.Lock())
        try:
            async with asyncio.timeout(_LOCK_WITHIN_S):
                await lock.acquire()
        except TimeoutError:
            raise _others_first() from None
        try:
            held = self._held[vin] = await self._take(vin, until_s)
            try:
                yield
            finally:
                del self._held[vin]
                await self._free(vin, held)
        finally:
            lock.release()

    async def _take(self, vin: str, until_s: float) -> _Held:
        """Take the lock that all processes share, waiting for who has it."""
        token, pause_s = secrets.token_hex(8), _FIRST_PAUSE_S
        while True:
            taken = await self._run(_TAKE, vin, (token, LOCK_MS))
            if taken is None:
                for domain in (Domain(2), Domain(3)):
                    self._sessions.pop((vin, domain), None)
                return _Held()
            if taken[0]:
                held = _Held(token)
                kept = zip((Domain(2), Domain(3)), taken[1], strict=True)
                held.sealed = {domain: sealed for domain, sealed in kept if sealed}
                held.renewing = asyncio.create_task(self._renew(vin, token))
                return held
            if self._clock() + pause_s > until_s:
                raise _others_first()
            await self._sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)

    async def _renew(self, vin: str, token: str) -> None:
        """Renew the lock until its holder is done."""
        while True:
            await asyncio.sleep(_RENEW_AFTER_S)
            await self._run(_RENEW, vin, (token, LOCK_MS))

    async def _free(self, vin: str, held: _Held) -> None:
        if held.renewing is not None:
            held.renewing.cancel()
        if held.token:
            await self._run(_FREE, vin, (held.token,))

    async def _run(self, script: str, vin: str, arguments: tuple[Any, ...]) -> Any:
        """Run a script on a car's two keys; None while Redis is away."""

        async def ask(client: Redis) -> Any:
            return await client.eval(script, 2, LOCKS + vin, SESSIONS + vin, *arguments)

        return await self._shared.ask(ask)

    def _keep(self, session: Session, sealed: bytes) -> None:
        if len(self._sessions) >= _MOST_SESSIONS:
            self._sessions.clear()
        self._sessions[session.vin, session.domain] = sealed, session


def _others_first() -> VehicleBusy:
    return VehicleBusy("Other commands to this car are under way")


def _is_newer(mine: Session, found: Session | None) -> bool:
    return (
        found is not None and mine.epoch == found.epoch and mine.counter > found.counter
    )


def _context(vin: str, domain: Domain) -> str:
    return f"session|{vin}|{int(domain)}"


def _sealed(session: Session) -> bytes:
    plain = base64.b64encode(session.to_bytes()).decode()
    context = _context(session.vin, session.domain)
    return crypto.seal(plain, context=context).encode()


def _opened(sealed: bytes, vin: str, domain: Domain) -> Session | None:
    """Return a session that was sealed; None for what cannot be opened any more."""
    try:
        plain = crypto.unseal(sealed.decode(), context=_context(vin, domain))
        return Session.from_bytes(base64.b64decode(plain))
    except (crypto.Undecryptable, ValueError, binascii.Error):
        return None
