"""Keep one car's connection to a telemetry server."""

import asyncio
import random
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

import aiohttp

from simulator.streaming.envelope import (
    ACKNOWLEDGMENT,
    BadEnvelope,
    read_reply,
    write_envelope,
)
from simulator.streaming.outbox import Outbox

LONGEST_PAUSE_S = 30.0
CERTIFICATE_ERROR = "connection_error"
_FIRST_PAUSE_S = 1.0
_CONNECT = aiohttp.ClientWSTimeout(ws_close=1.0)
_CONNECT_S = 10.0
_HEARTBEAT_S = 30.0


class LineState(StrEnum):
    """Name what a line does."""

    IDLE = "idle"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    PAUSING = "pausing"


@dataclass(frozen=True, slots=True)
class Destination:
    """Hold where a car connects to.

    `hostname` must be in the server's certificate; `address` is where it is really
    reached, for names that no resolver knows.
    """

    hostname: str
    port: int
    address: tuple[str, int] | None = None

    @property
    def url(self) -> str:
        """Return what is dialed."""
        host, port = self.address or (self.hostname, self.port)
        return f"wss://{f'[{host}]' if ':' in host else host}:{port}/"


@dataclass(slots=True)
class Counts:
    """Count what happened on a line."""

    connections: int = 0
    failures: int = 0
    sent: int = 0
    resent: int = 0
    acknowledged: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """Hold how patient a line is, in seconds of the machine's own time.

    What is not acknowledged for `patience_s` is sent again. Pauses between attempts
    double from `first_pause_s` to `longest_pause_s`, each cut by up to a half at random.
    """

    patience_s: float = 30.0
    first_pause_s: float = _FIRST_PAUSE_S
    longest_pause_s: float = LONGEST_PAUSE_S

    def pause_s(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row."""
        whole_s = self.first_pause_s * float(1 << min(max(failures - 1, 0), 16))
        return min(self.longest_pause_s, whole_s) * random.uniform(0.5, 1.0)  # noqa: S311 - nothing secret


class Line:
    """Send what an outbox holds while the line is wanted; connect again when it breaks.

    `complain` is told why the server's certificate is refused, `heard` each time
    something was acknowledged.
    """

    def __init__(  # noqa: PLR0913 - what a connection is made of
        self,
        vin: str,
        outbox: Outbox,
        destination: Destination,
        context: Callable[[], ssl.SSLContext],
        *,
        headers: Callable[[], dict[str, str]],
        complain: Callable[[str], None],
        heard: Callable[[], None],
        terms: Terms | None = None,
    ) -> None:
        self.state = LineState.IDLE
        self.counts = Counts()
        self.error = ""
        self._vin, self._outbox, self._destination = vin, outbox, destination
        self._context, self._headers = context, headers
        self._complain, self._heard = complain, heard
        self._terms = terms or Terms()
        self._failures = 0
        self._wanted, self._unwanted = asyncio.Event(), asyncio.Event()
        self._news = asyncio.Event()
        self._unwanted.set()

    def want(self, *, wanted: bool) -> None:
        """Say whether the line should be up."""
        if wanted != self._wanted.is_set():
            (self._wanted.set if wanted else self._wanted.clear)()
            (self._unwanted.clear if wanted else self._unwanted.set)()

    def post(self) -> None:
        """Say that the outbox holds something new."""
        self._news.set()

    async def run(self) -> None:
        """Keep the line until cancelled."""
        async with aiohttp.ClientSession(trust_env=False) as session:
            while True:
                self.state = LineState.IDLE
                await self._wanted.wait()
                await self._attempt(session)
                if self._wanted.is_set():
                    await self._pause()
                else:
                    self._failures = 0

    async def _attempt(self, session: aiohttp.ClientSession) -> None:
        self.state = LineState.CONNECTING
        try:
            await self._talk(session)
        except ssl.SSLCertVerificationError as error:
            self._fail(_certificate_words(error), is_certificate=True)
        except aiohttp.ClientConnectorCertificateError as error:
            self._fail(_certificate_words(error.certificate_error), is_certificate=True)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._fail(f"{type(error).__name__}: {error}")
        else:
            self._failures += 1

    def _fail(self, words: str, *, is_certificate: bool = False) -> None:
        self._failures += 1
        self.counts.failures += 1
        self.error = words
        if is_certificate:
            self._complain(words)

    async def _pause(self) -> None:
        self.state = LineState.PAUSING
        with suppress(TimeoutError):
            pause_s = self._terms.pause_s(self._failures)
            await asyncio.wait_for(self._unwanted.wait(), pause_s)

    async def _talk(self, session: aiohttp.ClientSession) -> None:
        async with asyncio.timeout(_CONNECT_S):
            socket = await session.ws_connect(
                self._destination.url,
                ssl=self._context(),
                server_hostname=self._destination.hostname,
                headers={**self._headers(), "X-TXID": str(uuid4())},
                timeout=_CONNECT,
                heartbeat=_HEARTBEAT_S,
            )
        self.state, self.error = LineState.CONNECTED, ""
        self.counts.connections += 1
        self._outbox.repeat()
        jobs = [
            asyncio.create_task(work)
            for work in (self._write(socket), self._read(socket), self._unwanted.wait())
        ]
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            await socket.close()
        for job in done:
            await job

    async def _write(self, socket: "aiohttp.ClientWebSocketResponse[bool]") -> None:
        while True:
            self._news.clear()
            for pending in self._outbox.waiting():
                self.counts.sent += 1
                self.counts.resent += pending.tries > 0
                message = pending.message(self._vin)
                self._outbox.sent(pending)
                now_ms = int(time.time() * 1000)
                await socket.send_bytes(write_envelope(message, now_ms))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._terms.patience_s)
            self._outbox.repeat(self._terms.patience_s)

    async def _read(self, socket: "aiohttp.ClientWebSocketResponse[bool]") -> None:
        async for frame in socket:
            if frame.type is not aiohttp.WSMsgType.BINARY:
                continue
            try:
                reply = read_reply(frame.data)
            except BadEnvelope as error:
                self.error = str(error)
                continue
            if reply.kind != ACKNOWLEDGMENT:
                self.error = reply.payload.decode(errors="replace")
            elif self._outbox.acknowledge(reply.txid, reply.topic):
                self.counts.acknowledged += 1
                self._failures = 0
                self._heard()


def _certificate_words(error: Exception) -> str:
    """Return a refusal of a certificate as a car's own TLS library words it."""
    told = getattr(error, "verify_message", "") or str(error)
    if "expired" in told:
        why = "certificate has expired or is not yet valid"
    elif "mismatch" in told or "not match" in told or "not valid for" in told:
        why = f"certificate is not valid for this name: {told}"
    else:
        why = "certificate signed by unknown authority"
    return f"tls: failed to verify certificate: x509: {why}"
