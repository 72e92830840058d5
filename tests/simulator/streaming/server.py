"""A telemetry server for these tests: mTLS, WebSocket, and as many moods."""

import asyncio
import ssl
import struct
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import flatbuffers
from aiohttp import WSMsgType, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flatbuffers import number_types
from flatbuffers.table import Table
from google.protobuf.message import Message
from tesla_protocol.telemetry.vehicle_alert_pb2 import VehicleAlerts
from tesla_protocol.telemetry.vehicle_data_pb2 import Field, Payload
from tesla_protocol.telemetry.vehicle_error_pb2 import VehicleErrors

HOSTNAME = "telemetry.example.com"
_KINDS: dict[str, type[Message]] = {
    "V": Payload,
    "alerts": VehicleAlerts,
    "errors": VehicleErrors,
}


@dataclass(frozen=True)
class Received:
    """One frame, read with the flatbuffers library."""

    txid: bytes
    topic: str
    sender: str
    device_type: str
    device_id: str
    record: Message
    created_s: int
    sent_ms: int
    issuer: str
    subject: str
    headers: dict[str, str]

    @property
    def payload(self) -> Payload:
        assert isinstance(self.record, Payload)
        return self.record

    @property
    def names(self) -> set[str]:
        return {Field.Name(one.key) for one in self.payload.data}


@dataclass
class Server:
    """Hold what came, and say how to answer: ack, silent, close, junk or refuse."""

    port: int
    ca: str
    mood: str = "ack"
    frames: list[Received] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    transports: list[asyncio.Transport] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, count: int) -> list[Received]:
        """Return all frames once there are so many."""
        async with asyncio.timeout(10):
            while len(self.frames) < count:
                self._news.clear()
                await self._news.wait()
        return self.frames

    async def until_closed(self) -> None:
        async with asyncio.timeout(10):
            while self.open:
                self._news.clear()
                await self._news.wait()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        self.open += 1
        assert request.transport is not None
        self.transports.append(request.transport)
        peer = request.transport.get_extra_info("peercert")
        names = {
            part: dict(pair[0] for pair in peer[part])["commonName"]
            for part in ("issuer", "subject")
        }
        try:
            async for frame in socket:
                assert frame.type is WSMsgType.BINARY
                one = read_frame(frame.data, names, dict(request.headers))
                self.frames.append(one)
                self._news.set()
                await self._answer(socket, one)
        finally:
            self.open -= 1
            self._news.set()
        return socket

    async def _answer(self, socket: web.WebSocketResponse, one: Received) -> None:
        match self.mood:
            case "ack":
                await socket.send_bytes(acknowledgment(one.txid, one.topic))
            case "close":
                await socket.close()
            case "junk":
                await socket.send_str("words")
                await socket.send_bytes(b"\x01")
                await socket.send_bytes(reply(one.txid, one.topic, 4, b"slow down"))
                await socket.send_bytes(acknowledgment(b"another", one.topic))
            case _:
                pass


def read_frame(
    frame: bytes, names: dict[str, str], headers: dict[str, str]
) -> Received:
    """Read a frame with the library that made the format."""
    table = Table(bytearray(frame), struct.unpack_from("<I", frame)[0])
    assert table.Get(number_types.Uint8Flags, table.Pos + table.Offset(8)) == 4
    stream = Table(table.Bytes, table.Indirect(table.Offset(10) + table.Pos))
    topic = _vector(table, 1).decode()
    return Received(
        txid=_vector(table, 0),
        topic=topic,
        sender=_vector(stream, 1).decode(),
        record=_KINDS[topic].FromString(_vector(stream, 2)),
        device_type=_vector(stream, 3).decode(),
        device_id=_vector(stream, 4).decode(),
        created_s=stream.Get(number_types.Uint32Flags, stream.Pos + stream.Offset(4)),
        sent_ms=stream.Get(number_types.Uint64Flags, stream.Pos + stream.Offset(14)),
        issuer=names["issuer"],
        subject=names["subject"],
        headers=headers,
    )


def _vector(table: Table, slot: int) -> bytes:
    offset = table.Offset(4 + 2 * slot)
    start = table.Vector(offset)
    return bytes(table.Bytes[start : start + table.VectorLen(offset)])


def acknowledgment(txid: bytes, topic: str) -> bytes:
    """Return an acknowledgment as the library writes it."""
    return reply(txid, topic, 5)


def reply(txid: bytes, topic: str, kind: int, payload: bytes = b"") -> bytes:
    """Return an envelope of a kind; a stream carries a payload."""
    builder = flatbuffers.Builder(64)
    txid_at = builder.CreateByteVector(txid)
    topic_at = builder.CreateByteVector(topic.encode())
    if kind == 4:
        payload_at = builder.CreateByteVector(payload)
        builder.StartObject(6)
        builder.PrependUOffsetTRelativeSlot(2, payload_at, 0)
        message_at = builder.EndObject()
    else:
        message_at = builder.CreateByteVector(b"")
    builder.StartObject(5)
    builder.PrependUOffsetTRelativeSlot(0, txid_at, 0)
    builder.PrependUOffsetTRelativeSlot(1, topic_at, 0)
    builder.PrependUint8Slot(2, kind, 0)
    builder.PrependUOffsetTRelativeSlot(3, message_at, 0)
    builder.Finish(builder.EndObject())
    return bytes(builder.Output())


@asynccontextmanager
async def serving(
    client_ca: str, *, hostname: str = HOSTNAME, expired: bool = False
) -> AsyncIterator[Server]:
    """Serve on a free port; `ca` of what is yielded vouches for the certificate."""
    ca, context = server_side(client_ca, hostname, expired=expired)
    server = Server(0, ca)
    app = web.Application()
    app.router.add_get("/", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()
        # A polite end of TLS would take longer than the loop lives.
        for transport in server.transports:
            transport.abort()
        await asyncio.sleep(0.01)


def server_side(
    client_ca: str, hostname: str, *, expired: bool = False
) -> tuple[str, ssl.SSLContext]:
    """Return a fresh CA, and a context with a certificate of it."""
    now = datetime.now(UTC)
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A private CA")])
    begins, ends = now - timedelta(days=9), now + timedelta(days=9)
    authority = (
        x509.CertificateBuilder(ca_name, ca_name, ca_key.public_key(), 1, begins, ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names: list[x509.GeneralName] = [x509.DNSName(hostname)]
    if hostname[0].isdigit():
        names = [x509.IPAddress(ip_address(hostname))]
    leaf = (
        x509.CertificateBuilder(
            ca_name,
            x509.Name([]),
            key.public_key(),
            2,
            begins,
            now - timedelta(days=1) if expired else ends,
        )
        .add_extension(x509.SubjectAlternativeName(names), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=client_ca)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "leaf.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + leaf.public_bytes(serialization.Encoding.PEM)
        )
        context.load_cert_chain(file)
    return authority.public_bytes(serialization.Encoding.PEM).decode(), context
