"""What a process of the gateway needs to command cars: sessions, wakes, key and log."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from api.command_log import CommandLog
from api.flights import Flights
from api.reach import Grant
from api.tesla import Call
from api.threads import Threads
from api.upstream import Asking, Upstream
from fleet.wire import Answer
from tokens.services import signing_keys
from vehicles.services import keys
from vehicles.services.commanding.sending import Commander
from vehicles.services.commanding.store import SharedStore
from vehicles.services.commanding.waking import Wakes


@dataclass(frozen=True, slots=True)
class ProgramsWay:
    """Carry a command's calls for one visit, within the limits, each counted."""

    asking: Asking
    grant: Grant

    @property
    def grant_id(self) -> UUID:
        """Return by which grant."""
        return self.grant.id

    async def send(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Return Tesla's whole answer. Raises `Refusal` and `FleetError`."""
        return await self.asking.send(self.grant, Call(method, path, body))


class Commanding:
    """One process's commands; `clock` and `sleep` are how to wait for a car."""

    def __init__(
        self,
        upstream: Upstream,
        threads: Threads,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._threads = threads
        self._key: ec.EllipticCurvePrivateKey | None = None
        self._flights: Flights[str, ec.EllipticCurvePrivateKey] = Flights()
        self.upstream = upstream
        self.log = CommandLog(threads)
        self.wakes = Wakes(upstream.shared, clock=clock, sleep=sleep)
        self.commander = Commander(
            SharedStore(upstream.shared),
            self.wakes,
            self._private_key,
            self._learn,
            sleep=sleep,
        )

    async def close(self) -> None:
        """Write what is left of the log."""
        await self.log.close()

    async def _private_key(self) -> ec.EllipticCurvePrivateKey:
        if self._key is None:
            self._key = await self._flights.join("key", self._read_key)
        return self._key

    async def _read_key(self) -> ec.EllipticCurvePrivateKey:
        return await self._threads.quickly(signing_keys.own_private_key)

    async def _learn(self, vin: str, signing: str) -> None:
        await self._threads.quickly(lambda: keys.note_signing(vin, signing))
