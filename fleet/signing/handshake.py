"""Agree on a session with a car, and follow it when it says that it moved on."""

import hmac
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.message import DecodeError
from tesla_protocol.command.signatures_pb2 import Session_Info_Status, SessionInfo
from tesla_protocol.command.universal_message_pb2 import RoutableMessage

from fleet.errors import SessionFailed, VehicleKeyChanged
from fleet.signing.domains import Domain
from fleet.signing.faults import Fault, fault_of, rejection
from fleet.signing.keys import point_of, session_info_key, shared_key
from fleet.signing.messages import addressed, names, parsed
from fleet.signing.metadata import SignatureType, Tag, serialize
from fleet.signing.session import EPOCH_LENGTH, Session

FRESH_S = 10.0
"""How many seconds after a message session info may still answer it."""


@dataclass(frozen=True, slots=True)
class Hello:
    """Hold the message that asks for a session; `routable` are its bytes."""

    vin: str
    domain: Domain
    uuid: bytes = field(repr=False)
    address: bytes = field(repr=False)
    sent_at: float
    routable: bytes = field(repr=False)


def handshake(
    private_key: ec.EllipticCurvePrivateKey, vin: str, domain: Domain, *, now: float
) -> Hello:
    """Return the message that asks one computer of a car for a session.

    `now` is in seconds of whatever clock later calls use as well.
    """
    address, uuid = names()
    message = addressed(domain, address, uuid)
    message.session_info_request.public_key = point_of(private_key)
    message.flags = 0
    return Hello(vin, domain, uuid, address, now, message.SerializeToString())


def open_session(
    private_key: ec.EllipticCurvePrivateKey, hello: Hello, reply: bytes, *, now: float
) -> Session:
    """Return the session that an answer to `handshake` opens.

    Raises `KeyNotPaired`, another `CommandRejected` or `VehicleBusy` as the car
    says, `SessionFailed` for an answer that proves nothing, `Unreadable` for
    one that is none.
    """
    message = parsed(reply, hello.domain, hello.address, hello.uuid)
    if not message.HasField("session_info"):
        fault = fault_of(message)
        raise rejection(fault) if fault else SessionFailed("The car gave no session")
    info = _info(message)
    if info.status == Session_Info_Status.SESSION_INFO_STATUS_KEY_NOT_ON_WHITELIST:
        raise rejection(Fault.UNKNOWN_KEY_ID)
    if info.status != Session_Info_Status.SESSION_INFO_STATUS_OK:
        raise SessionFailed("The car gave no session")
    try:
        shared = shared_key(private_key, info.publicKey)
    except ValueError as error:
        raise SessionFailed("The car's public key is none") from error
    _prove(message, shared, hello.vin, hello.uuid)
    _check_age(hello.sent_at, now)
    return Session(
        vin=hello.vin,
        domain=hello.domain,
        epoch=info.epoch,
        counter=info.counter,
        clock_time=info.clock_time,
        offset_s=now - info.clock_time,
        shared_key=shared,
        vehicle_point=info.publicKey,
        our_point=point_of(private_key),
        handle=info.handle,
    )


def resync(
    session: Session,
    message: RoutableMessage,
    *,
    uuid: bytes,
    sent_at: float,
    now: float,
) -> Session:
    """Return the session after the session info that came with an answer.

    Raises `VehicleKeyChanged` for a session with another key, `SessionFailed`
    for info that proves nothing, is late, or is older than what is known. The
    counter never falls within an epoch.
    """
    info = _info(message)
    if info.status == Session_Info_Status.SESSION_INFO_STATUS_KEY_NOT_ON_WHITELIST:
        raise rejection(Fault.UNKNOWN_KEY_ID)
    if info.publicKey != session.vehicle_point:
        raise VehicleKeyChanged("The car shows another key than the session's")
    _prove(message, session.shared_key, session.vin, uuid)
    _check_age(sent_at, now)
    counter = info.counter
    if info.epoch == session.epoch:
        if info.clock_time < session.clock_time:
            raise SessionFailed("The car's clock went back")
        counter = max(counter, session.counter)
    return replace(
        session,
        epoch=info.epoch,
        counter=counter,
        clock_time=info.clock_time,
        offset_s=now - info.clock_time,
        handle=info.handle,
    )


def _info(message: RoutableMessage) -> SessionInfo:
    try:
        info = SessionInfo.FromString(message.session_info)
    except DecodeError as error:
        raise SessionFailed("The car's session info cannot be read") from error
    paired = info.status == Session_Info_Status.SESSION_INFO_STATUS_OK
    if paired and len(info.epoch) != EPOCH_LENGTH:
        raise SessionFailed("The car's epoch has a wrong length")
    return info


def _prove(message: RoutableMessage, shared: bytes, vin: str, challenge: bytes) -> None:
    covered = serialize(
        {
            Tag.SIGNATURE_TYPE: bytes((SignatureType.HMAC,)),
            Tag.PERSONALIZATION: vin.encode(),
            Tag.CHALLENGE: challenge,
        }
    )
    signed = covered + message.session_info
    expected = hmac.digest(session_info_key(shared), signed, "sha256")
    tag = message.signature_data.session_info_tag.tag
    if not hmac.compare_digest(expected, tag):
        raise SessionFailed("The car's session info is not proven")


def _check_age(sent_at: float, now: float) -> None:
    if not 0 <= now - sent_at <= FRESH_S:
        raise SessionFailed("The car's session info came too late")
