"""Sign commands, and read what the car answers to them."""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tesla_protocol.command.universal_message_pb2 import RoutableMessage

from fleet.errors import SessionFailed, Unreadable
from fleet.signing.domains import Domain
from fleet.signing.faults import fault_of
from fleet.signing.handshake import resync
from fleet.signing.keys import command_key
from fleet.signing.messages import ENCRYPT_RESPONSE, addressed, names, parsed
from fleet.signing.metadata import SignatureType, Tag, number, serialize
from fleet.signing.session import Session

TTL_S = 10
"""How many seconds a car may take a command for; much longer ones it refuses."""
_LAST_COUNTER = 0xFFFF_FFFF
_SHORT_HASH = 17
_SIGNED = bytes((SignatureType.HMAC_PERSONALIZED,))
_FLAGS = number(ENCRYPT_RESPONSE)


@dataclass(frozen=True, slots=True)
class Payload:
    """Hold one command as the car reads it, unsigned. It may contain a PIN.

    `idempotent`: doing it twice does no more than doing it once.
    """

    domain: Domain
    data: bytes = field(repr=False)
    idempotent: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """Hold a signed command; `routable` are the bytes to send, once."""

    vin: str
    domain: Domain
    counter: int
    sent_at: float
    uuid: bytes = field(repr=False)
    address: bytes = field(repr=False)
    tag: bytes = field(repr=False)
    routable: bytes = field(repr=False)

    @property
    def request_hash(self) -> bytes:
        """Return by what the car's answer names this message."""
        whole = _SIGNED + self.tag
        short = self.domain is Domain.VEHICLE_SECURITY
        return whole[:_SHORT_HASH] if short else whole


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold a car's answer: `fault` is 0 where the command was taken.

    `data` is the answer of the computer that took it, decrypted. `session` is
    the one to go on with; `resynced` tells whether it is newer than before.
    `counter` is that of an encrypted answer, else None.
    """

    session: Session
    fault: int
    data: bytes = field(repr=False)
    resynced: bool = False
    counter: int | None = None


def sign(
    session: Session, payload: Payload, *, now: float, ttl_s: int = TTL_S
) -> tuple[Session, SignedMessage]:
    """Return the command signed, and the session to keep before it is sent.

    `now` is in seconds of the clock that opened the session. ValueError for a
    payload of the other domain, `SessionFailed` for a session that is spent.
    """
    if payload.domain is not session.domain:
        raise ValueError("a session signs for its own domain only")
    counter = session.counter + 1
    if counter > _LAST_COUNTER:
        raise SessionFailed("The session's counter is spent")
    expires_at = min(max(int(now - session.offset_s) + ttl_s, 0), _LAST_COUNTER)
    address, uuid = names()
    message = addressed(session.domain, address, uuid)
    message.protobuf_message_as_bytes = payload.data
    covered = serialize(
        {
            Tag.SIGNATURE_TYPE: _SIGNED,
            Tag.DOMAIN: bytes((session.domain,)),
            Tag.PERSONALIZATION: session.vin.encode(),
            Tag.EPOCH: session.epoch,
            Tag.EXPIRES_AT: number(expires_at),
            Tag.COUNTER: number(counter),
            Tag.FLAGS: _FLAGS,
        }
    )
    key = command_key(session.shared_key)
    tag = hmac.digest(key, covered + payload.data, "sha256")
    signature = message.signature_data
    signature.signer_identity.public_key = session.our_point
    personalized = signature.HMAC_Personalized_data
    personalized.epoch = session.epoch
    personalized.counter = counter
    personalized.expires_at = expires_at
    personalized.tag = tag
    signed = SignedMessage(
        session.vin,
        session.domain,
        counter,
        now,
        uuid,
        address,
        tag,
        message.SerializeToString(),
    )
    return session.counted(counter), signed


def read_reply(
    session: Session,
    signed: SignedMessage,
    reply: bytes,
    *,
    now: float,
    seen: Collection[int] = (),
) -> Reply:
    """Return what a car answered to one signed message.

    `seen` are the counters of answers to the same message that were read
    before. Session info that comes along is believed only if it is proven.
    Raises `Unreadable` for what is no answer to it, cannot be decrypted or was
    read before; `VehicleKeyChanged` where the car shows another key.
    """
    message = parsed(reply, signed.domain, signed.address, signed.uuid)
    fault = fault_of(message)
    if message.HasField("session_info"):
        renewed, resynced = _renewed(session, signed, message, now)
        return Reply(renewed, fault, b"", resynced)
    if not message.signature_data.HasField("AES_GCM_Response_data"):
        return Reply(session, fault, message.protobuf_message_as_bytes)
    counter = message.signature_data.AES_GCM_Response_data.counter
    if counter in seen:
        raise Unreadable("The car's answer was read before")
    return Reply(session, fault, _decrypted(session, signed, message), counter=counter)


def _renewed(
    session: Session, signed: SignedMessage, message: RoutableMessage, now: float
) -> tuple[Session, bool]:
    """Return the session in step, and whether it is; `VehicleKeyChanged` passes."""
    try:
        renewed = resync(
            session, message, uuid=signed.uuid, sent_at=signed.sent_at, now=now
        )
    except SessionFailed as error:
        if type(error) is not SessionFailed:
            raise
        return session, False
    return renewed, True


def _decrypted(
    session: Session, signed: SignedMessage, message: RoutableMessage
) -> bytes:
    response = message.signature_data.AES_GCM_Response_data
    covered = serialize(
        {
            Tag.SIGNATURE_TYPE: bytes((SignatureType.AES_GCM_RESPONSE,)),
            Tag.DOMAIN: bytes((signed.domain,)),
            Tag.PERSONALIZATION: signed.vin.encode(),
            Tag.COUNTER: number(response.counter),
            Tag.FLAGS: number(message.flags),
            Tag.REQUEST_HASH: signed.request_hash,
            Tag.FAULT: number(message.signedMessageStatus.signed_message_fault),
        }
    )
    try:
        return AESGCM(session.shared_key).decrypt(
            response.nonce,
            message.protobuf_message_as_bytes + response.tag,
            hashlib.sha256(covered).digest(),
        )
    except (InvalidTag, ValueError) as error:
        raise Unreadable("The car's answer cannot be decrypted") from error
