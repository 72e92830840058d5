"""A car as far as the protocol goes, written for these tests alone."""

import hashlib
import hmac
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tesla_protocol.command.signatures_pb2 import SessionInfo
from tesla_protocol.command.universal_message_pb2 import RoutableMessage

from fleet.signing import Domain
from fleet.wire import Answer
from tests.fleet.signing import vectors

NOW = 1_700_000_000.0


def ok(routable: bytes) -> Answer:
    """Return what Tesla answers with a car's message."""
    body = json.dumps({"response": b64encode(routable).decode()}).encode()
    return Answer(200, [("Content-Type", "application/json")], body)


@dataclass
class Clock:
    """A clock that only moves when told, and sleeps without waiting."""

    now: float = NOW
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def _tlv(*items: tuple[int, bytes]) -> bytes:
    return b"".join(bytes((tag, len(value))) + value for tag, value in items) + b"\xff"


Script = Callable[["Car", RoutableMessage], Answer | Exception | None]


@dataclass
class Car:
    """One computer of a car. `script` says what happens to each message in turn.

    An entry is None (the car does its best), a fault number, or a function.
    `done` are the commands that it carried out.
    """

    clock: Clock
    domain: Domain = Domain.INFOTAINMENT
    vin: str = vectors.VIN
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: vectors.VEHICLE_KEY)
    epoch: bytes = field(default_factory=lambda: os.urandom(16))
    booted_at: float = NOW - 2650
    counter: int = 0
    paired: bool = True
    encrypts: bool = True
    answer: bytes = b""
    script: list[int | Script | None] = field(default_factory=list)
    done: list[bytes] = field(default_factory=list)
    asked: list[RoutableMessage] = field(default_factory=list)

    async def signed_command(self, vin: str, routable: bytes) -> Answer:
        """Answer as Tesla does."""
        assert vin == self.vin
        message = RoutableMessage.FromString(routable)
        self.asked.append(message)
        step = self.script.pop(0) if self.script else None
        if isinstance(step, int):
            return ok(self.fault(message, step).SerializeToString())
        if step is not None:
            result = step(self, message)
            if isinstance(result, Exception):
                raise result
            if result is not None:
                return result
        return ok(self.answered(message).SerializeToString())

    def answered(self, message: RoutableMessage) -> RoutableMessage:
        """Carry a message out, and answer."""
        if message.HasField("session_info_request"):
            return self.greeted(message)
        fault = self.checked(message)
        if fault:
            return self.fault(message, fault, info=True)
        self.done.append(message.protobuf_message_as_bytes)
        return self.response(message, self.answer)

    def reply(self, message: RoutableMessage) -> RoutableMessage:
        """Return an empty answer to a message."""
        reply = RoutableMessage(uuid=os.urandom(16))
        reply.to_destination.CopyFrom(message.from_destination)
        reply.from_destination.CopyFrom(message.to_destination)
        if self.domain is Domain.INFOTAINMENT:
            reply.request_uuid = message.uuid
        return reply

    def shared(self) -> bytes:
        """Return the key shared with the tests' client."""
        point = vectors.CLIENT_KEY.public_key()
        agreed = self.key.exchange(ec.ECDH(), point)
        return hashlib.sha1(agreed).digest()[:16]

    def info(self) -> SessionInfo:
        """Return what the car says of its session."""
        numbers = self.key.public_key().public_numbers()
        return SessionInfo(
            counter=self.counter,
            publicKey=b"\x04"
            + numbers.x.to_bytes(32, "big")
            + numbers.y.to_bytes(32, "big"),
            epoch=self.epoch,
            clock_time=int(self.clock.now - self.booted_at),
            status="SESSION_INFO_STATUS_OK"
            if self.paired
            else "SESSION_INFO_STATUS_KEY_NOT_ON_WHITELIST",
            handle=3,
        )

    def prove(
        self, reply: RoutableMessage, challenge: bytes, info: SessionInfo
    ) -> RoutableMessage:
        """Put session info and its proof into an answer."""
        reply.session_info = info.SerializeToString()
        key = hmac.digest(self.shared(), b"session info", "sha256")
        covered = _tlv((0, b"\x06"), (2, self.vin.encode()), (6, challenge))
        reply.signature_data.session_info_tag.tag = hmac.digest(
            key, covered + reply.session_info, "sha256"
        )
        return reply

    def greeted(self, message: RoutableMessage) -> RoutableMessage:
        """Answer the wish for a session."""
        return self.prove(self.reply(message), message.uuid, self.info())

    def checked(self, message: RoutableMessage) -> int:
        """Return the fault of a signed message, 0 for none, and count it."""
        signature = message.signature_data.HMAC_Personalized_data
        seconds = int(self.clock.now - self.booted_at)
        wrong = {
            8: int(message.to_destination.domain) != self.domain,
            3: not self.paired,
            15: signature.epoch != self.epoch,
            17: signature.expires_at < seconds,
            20: signature.expires_at > seconds + 30,
            5: self.tag(message) != signature.tag,
            6: signature.counter <= self.counter,
        }
        fault = next((fault for fault, found in wrong.items() if found), 0)
        if not fault:
            self.counter = signature.counter
        return fault

    def tag(self, message: RoutableMessage) -> bytes:
        """Return the tag that a signed message should have."""
        signature = message.signature_data.HMAC_Personalized_data
        covered = _tlv(
            (0, b"\x08"),
            (1, bytes((self.domain,))),
            (2, self.vin.encode()),
            (3, signature.epoch),
            (4, signature.expires_at.to_bytes(4, "big")),
            (5, signature.counter.to_bytes(4, "big")),
            *([(7, message.flags.to_bytes(4, "big"))] if message.flags else []),
        )
        key = hmac.digest(self.shared(), b"authenticated command", "sha256")
        return hmac.digest(key, covered + message.protobuf_message_as_bytes, "sha256")

    def fault(
        self, message: RoutableMessage, fault: int, *, info: bool = False
    ) -> RoutableMessage:
        """Refuse a message, with session info or without."""
        reply = self.reply(message)
        reply.signedMessageStatus.operation_status = 2  # type: ignore[assignment]
        reply.signedMessageStatus.signed_message_fault = fault  # type: ignore[assignment]
        return self.prove(reply, message.uuid, self.info()) if info else reply

    def response(
        self, message: RoutableMessage, data: bytes, *, counter: int = 1
    ) -> RoutableMessage:
        """Answer a command, encrypted where that was asked for and can be."""
        reply = self.reply(message)
        if not (self.encrypts and message.flags & 2):
            reply.protobuf_message_as_bytes = data
            return reply
        reply.flags = 2
        tag = message.signature_data.HMAC_Personalized_data.tag
        short = tag[:16] if self.domain is Domain.VEHICLE_SECURITY else tag
        covered = _tlv(
            (0, b"\x09"),
            (1, bytes((self.domain,))),
            (2, self.vin.encode()),
            (5, counter.to_bytes(4, "big")),
            (7, (2).to_bytes(4, "big")),
            (8, b"\x08" + short),
            (9, bytes(4)),
        )
        nonce = os.urandom(12)
        sealed = AESGCM(self.shared()).encrypt(
            nonce, data, hashlib.sha256(covered).digest()
        )
        reply.protobuf_message_as_bytes = sealed[:-16]
        response = reply.signature_data.AES_GCM_Response_data
        response.nonce, response.counter, response.tag = nonce, counter, sealed[-16:]
        return reply

    @property
    def calls(self) -> int:
        """Return how many calls reached Tesla."""
        return len(self.asked)

    def reboot(self) -> None:
        """Begin a new epoch."""
        self.epoch, self.counter, self.booted_at = os.urandom(16), 0, self.clock.now


def opened(envelope: bytes) -> RoutableMessage:
    """Return the message in a request's body."""
    return RoutableMessage.FromString(
        b64decode(json.loads(envelope)["routable_message"])
    )
