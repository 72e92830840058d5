"""Keep sessions where every process finds them, or in this one."""

import asyncio
from collections import defaultdict
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from fleet.signing.domains import Domain
from fleet.signing.session import Session


class SessionStore(Protocol):
    """Keep one session for each computer of each car, and one lock for each car."""

    def lock(self, vin: str) -> AbstractAsyncContextManager[object]:
        """Return what lets only one command at a time speak to this car."""

    async def load(self, vin: str, domain: Domain) -> Session | None:
        """Return the session kept last, None if there is none."""

    async def save(self, session: Session) -> None:
        """Keep a session in the place of the one before."""

    async def drop(self, vin: str, domain: Domain) -> None:
        """Forget the session, if there is one."""


class MemoryStore:
    """Keep sessions in this process, for tests and where there is only one."""

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, Domain], Session] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def lock(self, vin: str) -> AbstractAsyncContextManager[object]:
        """Return the lock of this car."""
        return self._locks[vin]

    async def load(self, vin: str, domain: Domain) -> Session | None:
        """Return the session kept last, None if there is none."""
        return self._sessions.get((vin, domain))

    async def save(self, session: Session) -> None:
        """Keep a session in the place of the one before."""
        self._sessions[session.vin, session.domain] = session

    async def drop(self, vin: str, domain: Domain) -> None:
        """Forget the session, if there is one."""
        self._sessions.pop((vin, domain), None)
