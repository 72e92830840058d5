"""Run one receiver: door, dispatch, renewals, counts, and an end that loses nothing."""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from django.db import DatabaseError
from picows import WSCloseCode

from accounts.crypto import Undecryptable
from telemetry.issuing import Issued
from telemetry.public import Unusable
from telemetry.receiver import tls
from telemetry.receiver.connection import Shared
from telemetry.receiver.dispatch import Dispatch, Publishes
from telemetry.receiver.door import Door
from telemetry.receiver.limits import Counters, Limits
from telemetry.receiver.metering import Metering
from telemetry.receiver.watching import Ask, Watching

_LOG = logging.getLogger(__name__)
_TICK_S = 1.0
_LOOK_AGAIN_S = 60.0
_LOOK_FOR_FILE_S = 2.0
_FLUSH_S = 5.0
_LAST_WORDS_S = 5.0
Leaf = Callable[[], Issued]


class Receiver:
    """One process that takes what cars stream."""

    def __init__(  # noqa: PLR0913 - each is another neighbor
        self,
        channel: Publishes,
        *,
        leaf: Leaf,
        ask: Ask,
        metering: Metering,
        limits: Limits | None = None,
        more_authorities: Path | None = None,
        look_again_s: float = _LOOK_AGAIN_S,
    ) -> None:
        self.counters = Counters()
        self._leaf = leaf
        self._more_authorities = more_authorities
        self._look_again_s = look_again_s
        self._trusted = 0.0
        self.is_open = False
        self._shown: Issued | None = None
        self._context = tls.make_context()
        self._metering = metering
        self._watching = Watching(ask)
        self._dispatch = Dispatch(channel)
        self._shared = Shared(
            limits or Limits(), self.counters, self._dispatch, self._watching, metering
        )

    async def run(self, listening: socket.socket, stop: asyncio.Event) -> None:
        """Take cars until told to stop; then end cleanly, within seconds.

        Raises whatever keeps the certificate from being read at the start.
        """
        try:
            await self._look_at_certificate()
        except BaseException:
            listening.close()
            raise
        self._look_at_authorities()
        door = Door(listening, self._context, self._shared)
        door.open()
        self.is_open = True
        work: list[Coroutine[Any, Any, None]] = [
            self._watching.run(),
            self._tick(),
            self._renew(),
            self._flush(),
        ]
        tasks = [asyncio.create_task(one) for one in work]
        waiting = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            door.close()
            for task in [waiting, *tasks]:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            await self._end()
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    async def _end(self) -> None:
        """Finish what cars have sent, send them away, count the last signals."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await self._dispatch.drained()
        for cars in list(self._shared.cars.values()):
            for car in list(cars):
                car.drop(WSCloseCode.SERVICE_RESTART)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await self._dispatch.drained()
        await self._metering.flush()
        self._metering.close()
        self._watching.close()

    async def _tick(self) -> None:
        before_s = time.monotonic()
        while True:
            await asyncio.sleep(_TICK_S)
            now_s = time.monotonic()
            for cars in list(self._shared.cars.values()):
                for car in list(cars):
                    car.tick(now_s, now_s - before_s)
            before_s = now_s

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_S)
            await self._metering.flush()

    async def _renew(self) -> None:
        """Show a new certificate as soon as there is one; trust what is added."""
        looked_s = time.monotonic()
        while True:
            await asyncio.sleep(min(_LOOK_FOR_FILE_S, self._look_again_s))
            self._look_at_authorities()
            if time.monotonic() - looked_s < self._look_again_s:
                continue
            looked_s = time.monotonic()
            try:
                await self._look_at_certificate()
            except (Unusable, Undecryptable, DatabaseError, ValueError, OSError) as why:
                _LOG.warning("The certificate for cars cannot be read: %s", why)

    async def _look_at_certificate(self) -> None:
        loop = asyncio.get_running_loop()
        issued = await loop.run_in_executor(None, self._leaf)
        if issued != self._shown:
            tls.show(self._context, issued)
            self._shown = issued

    def _look_at_authorities(self) -> None:
        """Trust the authorities of the file that settings name, now or when it comes."""
        path = self._more_authorities
        if path is None:
            return
        try:
            changed = path.stat().st_mtime
            if changed != self._trusted:
                tls.trust(self._context, path.read_text(encoding="ascii"))
                self._trusted = changed
        except FileNotFoundError:
            return
        except (OSError, ValueError, ssl.SSLError) as error:
            _LOG.warning("%s holds no authorities: %s", path, error)
