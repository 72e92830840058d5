"""Pretended cars for the benchmark of the receiver: certificates, records, load."""

import asyncio
import secrets
import ssl
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect
from tesla_protocol.telemetry import vehicle_data_pb2 as protocol

from telemetry import issuing

_ID_BYTES = 32
_CHUNK = 50
_MARK = b"\xfe" * _ID_BYTES


def vin_of(number: int) -> str:
    """Return the VIN of a pretended car."""
    return f"5YJ3E1EA4PF{number:06d}"


def write_certificates(folder: Path, cars: int) -> None:
    """Write a Tesla, its cars and a receiver, as PEM files of a folder."""
    now, good_for = datetime.now(UTC), timedelta(days=1)
    ours = issuing.authority("ours", now, good_for)
    leaf = issuing.server(ours, "127.0.0.1", now, good_for)
    tesla = issuing.authority("Tesla Issuing CA", now, good_for)
    (folder / "ours.pem").write_text(ours.certificate_pem)
    (folder / "leaf.pem").write_text(leaf.certificate_pem)
    (folder / "leaf.key").write_text(leaf.private_pem)
    (folder / "tesla.pem").write_text(tesla.certificate_pem)
    issuer = x509.load_pem_x509_certificate(tesla.certificate_pem.encode())
    key = serialization.load_pem_private_key(tesla.private_pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    for number in range(cars):
        name = [x509.NameAttribute(NameOID.COMMON_NAME, vin_of(number))]
        built = (
            x509.CertificateBuilder()
            .issuer_name(issuer.subject)
            .subject_name(x509.Name(name))
            .public_key(key.public_key())
            .serial_number(number + 1000)
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + good_for)
            .sign(key, hashes.SHA256())
        )
        pem = built.public_bytes(serialization.Encoding.PEM).decode()
        (folder / f"car-{number}.pem").write_text(pem + tesla.private_pem)


def payload() -> bytes:
    """Return a record as a driving car sends it; in its envelope it has 400 bytes."""
    found = protocol.Payload(vin=vin_of(0))
    found.created_at.seconds = int(time.time())
    for key, kinds in (
        ("VehicleSpeed", {"double_value": 63.2}),
        ("Odometer", {"double_value": 20456.18}),
        ("Soc", {"double_value": 71.43}),
        ("BatteryLevel", {"double_value": 71.4}),
        ("InsideTemp", {"double_value": 21.5}),
        ("OutsideTemp", {"double_value": 11.0}),
        ("PackVoltage", {"double_value": 385.2}),
        ("PackCurrent", {"double_value": -42.7}),
        ("EstBatteryRange", {"double_value": 201.7}),
        ("Gear", {"shift_state_value": 5}),
        ("Locked", {"boolean_value": True}),
        ("SeatHeaterLeft", {"int_value": 2}),
        ("DetailedChargeState", {"detailed_charge_state_value": 1}),
        ("FdWindow", {"window_state_value": 1}),
        ("VehicleName", {"string_value": "Red"}),
    ):
        field = protocol.Field.Value(key)
        found.data.add(key=field, value=protocol.Value(**kinds))  # type: ignore[arg-type]
    place = protocol.LocationValue(latitude=30.2231, longitude=-97.6201)
    field = protocol.Field.Value("Location")
    found.data.add(key=field, value=protocol.Value(location_value=place))
    return found.SerializeToString()


class Car(WSListener):
    """A connection that keeps some frames on their way, or sends one a second."""

    def __init__(self, head: bytes, tail: bytes) -> None:
        super().__init__()
        self._head = head
        self._tail = tail
        self.answers = 0
        self.is_closed = False
        self._keep = False
        self._transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Keep the way out."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Count an acknowledgment, and send the next record for it."""
        if frame.msg_type is not WSMsgType.BINARY:
            return
        self.answers += 1
        if self._keep:
            self.send()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Note that the server has had enough."""
        self.is_closed = True

    def keep(self, frames: int) -> None:
        """Have so many frames on their way from now on."""
        self._keep = True
        for _ in range(frames):
            self.send()

    def send(self) -> None:
        """Send a record with an id of its own."""
        if self._transport is not None and not self.is_closed:
            name = secrets.token_bytes(_ID_BYTES // 2).hex().encode()
            self._transport.send(WSMsgType.BINARY, self._head + name + self._tail)


def envelope(content: bytes) -> tuple[bytes, bytes]:
    """Return what stands before and after the id in a record's envelope."""
    import flatbuffers  # noqa: PLC0415  # the library has no place in the programs

    builder = flatbuffers.Builder(0)
    held = [
        builder.CreateByteVector(one)
        for one in (content, b"vehicle_device." + vin_of(0).encode())
    ]
    builder.StartObject(6)
    builder.PrependUint32Slot(0, int(time.time()), 0)
    builder.PrependUOffsetTRelativeSlot(1, held[1], 0)
    builder.PrependUOffsetTRelativeSlot(2, held[0], 0)
    message = builder.EndObject()
    names = [builder.CreateByteVector(one) for one in (_MARK, b"V", b"message-0001")]
    builder.StartObject(5)
    builder.PrependUOffsetTRelativeSlot(0, names[0], 0)
    builder.PrependUOffsetTRelativeSlot(1, names[1], 0)
    builder.PrependUint8Slot(2, 4, 0)
    builder.PrependUOffsetTRelativeSlot(3, message, 0)
    builder.PrependUOffsetTRelativeSlot(4, names[2], 0)
    builder.Finish(builder.EndObject())
    head, _, tail = bytes(builder.Output()).partition(_MARK)
    return head, tail


async def _drive(
    folder: Path, port: int, cars: int, ahead: int, seconds: float
) -> None:
    head, tail = envelope(payload())
    made: list[Car] = []
    for start in range(0, cars, _CHUNK):
        numbers = range(start, min(cars, start + _CHUNK))
        made += await asyncio.gather(
            *(_connect(folder, port, number, head, tail) for number in numbers)
        )
    print("connected", len(head) + len(tail) + _ID_BYTES, flush=True)  # noqa: T201
    if ahead:
        for car in made:
            car.keep(ahead)
        await asyncio.sleep(seconds)
    else:
        await _one_a_second(made, seconds)
    answers, closed = sum(c.answers for c in made), sum(c.is_closed for c in made)
    print("answers", answers, closed, flush=True)  # noqa: T201


async def _one_a_second(made: list[Car], seconds: float) -> None:
    """Send one frame a second for each car, spread evenly."""
    loop = asyncio.get_running_loop()
    start_s, sent = loop.time(), 0
    while loop.time() - start_s < seconds:
        due = int((loop.time() - start_s) * len(made))
        for number in range(sent, due):
            made[number % len(made)].send()
        sent = due
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.5)


async def _connect(
    folder: Path, port: int, number: int, head: bytes, tail: bytes
) -> Car:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(folder / "ours.pem")
    context.load_cert_chain(folder / f"car-{number}.pem")
    _, car = await ws_connect(
        lambda: Car(head, tail), f"wss://127.0.0.1:{port}/", ssl_context=context
    )
    assert isinstance(car, Car)
    return car


if __name__ == "__main__":
    uvloop.run(
        _drive(
            Path(sys.argv[1]),
            int(sys.argv[2]),
            int(sys.argv[3]),
            int(sys.argv[4]),
            float(sys.argv[5]),
        )
    )
