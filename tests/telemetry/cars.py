"""Cars of tests: certificates by a Tesla of our own, mTLS WebSockets, a receiver."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from events.errors import Unavailable
from events.event import Entry
from telemetry import issuing
from telemetry.issuing import Issued
from telemetry.receiver.door import listen
from telemetry.receiver.limits import Limits
from telemetry.receiver.metering import Metering
from telemetry.receiver.server import Receiver
from tests.fleet.records import frames
from tokens.services.usage import Count, Key
from vehicles.services.viewers import Viewer

VIN = frames.VIN
SOC = (8, frames.value(double_value=81.5))
ALICE = UUID(int=0xA)
BOB = UUID(int=0xB)
_DAYS = timedelta(days=30)
_NOW = datetime.now(UTC)
OURS = issuing.authority("Keyfob telemetry authority", _NOW, _DAYS)


def new_leaf() -> Issued:
    """Return a certificate of a receiver, under our own authority."""
    return issuing.server(OURS, "127.0.0.1", _NOW, _DAYS)


LEAF = new_leaf()


class TestTesla:
    """An authority that issues certificates to cars; its name is Tesla's."""

    __test__ = False

    def __init__(self, name: str = "Tesla Issuing CA") -> None:
        self._issued = issuing.authority(name, _NOW, _DAYS)
        self.pem = self._issued.certificate_pem

    def car(
        self,
        common_name: str = VIN,
        *,
        usages: Sequence[str] = (),
        units: Sequence[str] = (),
        starts: datetime = _NOW - timedelta(days=2),
        ends: datetime = _NOW + timedelta(days=2),
    ) -> Issued:
        """Issue a certificate to a car."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.load_pem_x509_certificate(self.pem.encode())
        issuer_key = serialization.load_pem_private_key(
            self._issued.private_pem.encode(), None
        )
        assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
        names = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
        names += [
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units
        ]
        builder = (
            x509.CertificateBuilder()
            .issuer_name(issuer.subject)
            .subject_name(x509.Name(names))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(starts)
            .not_valid_after(ends)
        )
        if usages:
            oids = [ObjectIdentifier(one) for one in usages]
            builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
        built = builder.sign(issuer_key, hashes.SHA256())
        return Issued(
            built.public_bytes(serialization.Encoding.PEM).decode(),
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ).decode(),
        )


def der(issued: Issued) -> bytes:
    """Return a certificate as TLS hands it over."""
    found = x509.load_pem_x509_certificate(issued.certificate_pem.encode())
    return found.public_bytes(serialization.Encoding.DER)


def car_context(
    folder: Path, issued: Issued | None, ca: str = OURS.certificate_pem
) -> ssl.SSLContext:
    """Return a car's side of TLS; without a certificate it shows none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ca)
    if issued is not None:
        path = folder / "car.pem"
        path.write_text(issued.certificate_pem + issued.private_pem)
        context.load_cert_chain(path)
    return context


@dataclass
class Memory:
    """A channel that keeps entries, waits or fails as it is told."""

    entries: list[Entry] = field(default_factory=list)
    away: bool = False
    gate: asyncio.Event | None = None
    batches: int = 0

    async def publish(self, entries: Sequence[Entry]) -> None:
        """Keep entries, once the gate is open."""
        if self.gate is not None:
            await self.gate.wait()
        if self.away:
            raise Unavailable("away")
        self.batches += 1
        self.entries += entries

    def bodies(self, topic: str = "data") -> list[bytes]:
        """Return the bodies of one topic, in order."""
        return [
            one.event.body for one in self.entries if one.event.topic.value == topic
        ]


@dataclass
class Meter:
    """Where signals are written to."""

    counts: dict[Key, Count] = field(default_factory=dict)

    def write(self, counts: Mapping[Key, Count]) -> None:
        """Add counts."""
        for key, count in counts.items():
            self.counts.setdefault(key, Count()).add(count)


def seen_by(*viewers: Viewer) -> Callable[[Collection[str]], Any]:
    """Return who answers that all cars are seen by these."""
    return lambda vins: dict.fromkeys(vins, viewers) if viewers else {}


ALICE_SEES = seen_by(Viewer(ALICE, sees_location=True))


@dataclass
class Running:
    """A running receiver, and all that it speaks with."""

    tesla: TestTesla
    folder: Path
    receiver: Receiver
    channel: Any
    meter: Meter
    port: int
    stop: asyncio.Event
    task: asyncio.Task[None]

    @property
    def url(self) -> str:
        """Return where cars connect."""
        return f"wss://127.0.0.1:{self.port}/"

    def car(self, vin: str = VIN, path: str = "", **headers: str) -> "Connection":
        """Return the connection of a car with a certificate of its own."""
        context = car_context(self.folder, self.tesla.car(vin))
        return Connection(self.url + path, context, **headers)


@contextlib.asynccontextmanager
async def receiving(
    tesla: TestTesla,
    folder: Path,
    *,
    channel: Any = None,
    ask: Any = ALICE_SEES,
    limits: Limits | None = None,
    leaf: Callable[[], Issued] = lambda: LEAF,
    look_again_s: float = 60.0,
) -> AsyncIterator[Running]:
    """Run a receiver that trusts this Tesla; end it afterwards."""
    authorities = folder / "tesla.pem"
    authorities.write_text(tesla.pem)
    meter, stop = Meter(), asyncio.Event()
    channel = Memory() if channel is None else channel
    receiver = Receiver(
        channel,
        leaf=leaf,
        ask=ask,
        metering=Metering(meter.write),
        limits=limits,
        more_authorities=authorities,
        look_again_s=look_again_s,
    )
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    task = asyncio.create_task(receiver.run(listening, stop))
    await until(lambda: receiver.is_open or task.done())
    running = Running(tesla, folder, receiver, channel, meter, port, stop, task)
    try:
        yield running
    finally:
        stop.set()
        await task


class Connection:
    """A car's connection."""

    def __init__(self, url: str, context: ssl.SSLContext, **headers: str) -> None:
        self._url = url
        self._context = context
        self._headers = {"Version": "1.3.0", "X-Network-Interface": "wifi", **headers}
        self._session = aiohttp.ClientSession()
        self.socket: aiohttp.ClientWebSocketResponse

    async def __aenter__(self) -> Self:
        """Connect."""
        try:
            self.socket = await self._session.ws_connect(
                self._url, ssl=self._context, headers=self._headers, compress=0
            )
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        await self.socket.close()
        await self._session.close()

    async def send(self, *signals: Any, **envelope: Any) -> None:
        """Send a record of signals."""
        content = frames.data(*signals).SerializeToString()
        await self.socket.send_bytes(frames.frame(content, **envelope))

    async def answer(self, within_s: float = 5) -> tuple[bytes, bytes, int]:
        """Return txid, topic and union tag of the next frame from the server."""
        async with asyncio.timeout(within_s):
            content = await self.socket.receive_bytes()
        return frames.opened(content)[:3]

    async def closed(self, within_s: float = 5) -> int | None:
        """Wait until the server has ended the connection; return its code."""
        async with asyncio.timeout(within_s):
            while not self.socket.closed:
                await self.socket.receive()
        return self.socket.close_code


async def until(is_so: Callable[[], object], within_s: float = 5) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110 - what is so sets no event
            await asyncio.sleep(0.005)
