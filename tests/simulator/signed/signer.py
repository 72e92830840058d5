"""A small signer of the tests' own, which can also sign wrongly."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tesla_protocol.command.car_server_pb2 import Action, Response, VehicleAction
from tesla_protocol.command.signatures_pb2 import SessionInfo
from tesla_protocol.command.universal_message_pb2 import Domain, RoutableMessage
from tesla_protocol.command.vcsec_pb2 import (
    FromVCSECMessage,
    RKEAction_E,
    UnsignedMessage,
)

from tests.simulator.doors import KEY_HEX, PRIVATE_KEY, Doors

SECURITY = Domain.DOMAIN_VEHICLE_SECURITY
SCREEN = Domain.DOMAIN_INFOTAINMENT
LOCK = UnsignedMessage(RKEAction=RKEAction_E.RKE_ACTION_LOCK).SerializeToString()
UNLOCK = UnsignedMessage(RKEAction=RKEAction_E.RKE_ACTION_UNLOCK).SerializeToString()

Send = Callable[[RoutableMessage], RoutableMessage]


def action(**which: Any) -> bytes:
    made = Action(vehicleAction=VehicleAction(**which))
    return made.SerializeToString()


HONK = action(vehicleControlHonkHornAction={})
STOP = action(chargingStartStopAction={"stop": {}})
START = action(chargingStartStopAction={"start": {}})


def tlv(**items: Any) -> bytes:
    names = "kind domain vin epoch expires_at counter challenge flags hash fault"
    found = b""
    for tag, name in enumerate(names.split()):
        value = items.get(name)
        if value is None:
            continue
        if isinstance(value, str):
            value = value.encode()
        if isinstance(value, int):
            value = value.to_bytes(1 if tag < 2 else 4)
        found += bytes((tag, len(value))) + value
    return found + b"\xff"


def mac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


@dataclass
class Signer:
    """Hold one session with one computer of one car."""

    send: Send
    vin: str
    domain: Domain = SCREEN
    private: ec.EllipticCurvePrivateKey = PRIVATE_KEY
    public: bytes = bytes.fromhex(KEY_HEX)
    info: SessionInfo = field(default_factory=SessionInfo)
    key: bytes = b""
    counter: int = 0

    def blank(self) -> RoutableMessage:
        message = RoutableMessage(uuid=token_bytes(16))
        message.to_destination.domain = self.domain
        message.from_destination.routing_address = token_bytes(16)
        return message

    def shake(self) -> "Signer":
        """Shake hands and check that the reply is the car's own."""
        message = self.blank()
        message.session_info_request.public_key = self.public
        self.resync(message, self.send(message))
        return self

    def resync(self, message: RoutableMessage, reply: RoutableMessage) -> None:
        self.info = SessionInfo.FromString(reply.session_info)
        point = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), self.info.publicKey
        )
        shared = self.private.exchange(ec.ECDH(), point)
        self.key = hashlib.sha1(shared).digest()[:16]
        text = tlv(kind=6, vin=self.vin, challenge=message.uuid) + reply.session_info
        tag = reply.signature_data.session_info_tag.tag
        assert tag == mac(mac(self.key, b"session info"), text)
        self.counter = self.info.counter

    def signed(
        self, payload: bytes, *, flags: int = 0, **wrong: Any
    ) -> RoutableMessage:
        """Return a signed command; `wrong` replaces facts before they are signed."""
        self.counter += 1
        facts = {
            "epoch": self.info.epoch,
            "counter": self.counter,
            "expires_at": self.info.clock_time + 10,
            **wrong,
        }
        message = self.blank()
        message.flags = flags
        message.protobuf_message_as_bytes = payload
        message.signature_data.signer_identity.public_key = self.public
        text = tlv(
            kind=8, domain=self.domain, vin=self.vin, flags=flags or None, **facts
        )
        signature = message.signature_data.HMAC_Personalized_data
        for name, value in facts.items():
            setattr(signature, name, value)
        signature.tag = mac(mac(self.key, b"authenticated command"), text + payload)
        return message

    def opened(self, message: RoutableMessage, reply: RoutableMessage) -> bytes:
        """Return the payload of a sealed reply."""
        sealed = reply.signature_data.AES_GCM_Response_data
        kind_and_tag = b"\x08" + message.signature_data.HMAC_Personalized_data.tag
        if self.domain == SECURITY:
            kind_and_tag = kind_and_tag[:17]
        text = tlv(
            kind=9,
            domain=self.domain,
            vin=self.vin,
            counter=sealed.counter,
            flags=reply.flags,
            hash=kind_and_tag,
            fault=reply.signedMessageStatus.signed_message_fault,
        )
        whole = reply.protobuf_message_as_bytes + sealed.tag
        bound = hashlib.sha256(text).digest()
        return AESGCM(self.key).decrypt(sealed.nonce, whole, bound)

    def tell(self, payload: bytes, **more: Any) -> RoutableMessage:
        return self.send(self.signed(payload, **more))

    def fault(self, payload: bytes, **more: Any) -> int:
        return int(self.tell(payload, **more).signedMessageStatus.signed_message_fault)

    def result(self, payload: bytes) -> tuple[bool, str]:
        """Return how the screen's computer says that a command went."""
        reply = Response.FromString(self.tell(payload).protobuf_message_as_bytes)
        status = reply.actionStatus
        return status.result == 0, status.result_reason.plain_text

    def security(self, payload: bytes) -> FromVCSECMessage:
        reply = self.tell(payload)
        assert reply.HasField("protobuf_message_as_bytes")
        return FromVCSECMessage.FromString(reply.protobuf_message_as_bytes)


def post(
    doors: Doors, vin: str, message: RoutableMessage, token: str, region: str = "na"
) -> httpx.Response:
    body = {"routable_message": base64.b64encode(message.SerializeToString()).decode()}
    return doors.post(f"vehicles/{vin}/signed_command", token, body, region)


def read(answer: httpx.Response) -> RoutableMessage:
    assert answer.status_code == 200, answer.text
    return RoutableMessage.FromString(base64.b64decode(answer.json()["response"]))
