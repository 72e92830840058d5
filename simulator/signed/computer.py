"""Simulate one computer of a car that takes signed messages."""

from collections.abc import Callable
from secrets import token_bytes

from cryptography.hazmat.primitives.asymmetric import ec
from tesla_protocol.command.signatures_pb2 import (
    HMAC_Personalized_Signature_Data,
    Session_Info_Status,
    SessionInfo,
    SignatureType,
    Tag,
)
from tesla_protocol.command.universal_message_pb2 import (
    Domain,
    Flags,
    OperationStatus_E,
    RoutableMessage,
)

from simulator.signed import crypto, fault
from simulator.signed.counters import Counters
from simulator.signed.session import Boot, Session
from simulator.signed.verifier import verify
from simulator.world.cars.car import Car
from simulator.world.draws import draw_hex, draw_int

_ENCRYPTS_FROM = (2024, 38)
_SHORT_HASH_BYTES = 17
_NONCE_BYTES = 12
_UP_S = (40_000, 400_000)
_ENCRYPT = 1 << Flags.FLAG_ENCRYPT_RESPONSE

Work = Callable[[bytes], bytes]


class Computer:
    """Answer messages for one domain of one car.

    It restarts, with a new epoch, when told to and after a software update. Its key
    pair stays.
    """

    def __init__(self, car: Car, domain: Domain) -> None:
        self._car = car
        self._domain = domain
        digits = draw_hex(62, car.seed, car.vin, domain, "computer")
        self._private = ec.derive_private_key(int(digits, 16), ec.SECP256R1())
        self.public_point = crypto.point_of(self._private)
        self._sessions: dict[bytes, Session] = {}
        up_s = draw_int(*_UP_S, car.vin, domain, "up")
        self._boot = self._started(car.now_s - up_s)

    def reboot(self) -> None:
        """Start again: a new epoch, a clock at zero, all counters forgotten."""
        self._boot = self._started(self._car.now_s)
        self._sessions.clear()

    def _started(self, at_s: float) -> Boot:
        return Boot(lambda: self._car.now_s, at_s, self._car.firmware)

    def answer(self, message: RoutableMessage, work: Work) -> RoutableMessage:
        """Return the reply to a message.

        `work` carries out the payload of a command once it is verified and returns the
        payload of the reply; it may raise MessageFault.
        """
        if self._boot.firmware != self._car.firmware:
            self.reboot()
        reply = self._empty_reply(message)
        try:
            self._take(message, reply, work)
        except fault.MessageFault as error:
            status = reply.signedMessageStatus
            status.operation_status = OperationStatus_E.OPERATIONSTATUS_ERROR
            status.signed_message_fault = error.number
            point = message.signature_data.signer_identity.public_key
            if error.number in fault.RESYNCING and self._knows(point):
                self._add_session_info(reply, message, point)
        return reply

    def _take(
        self, message: RoutableMessage, reply: RoutableMessage, work: Work
    ) -> None:
        if message.to_destination.domain != self._domain:
            raise fault.MessageFault(fault.INVALID_DOMAINS)
        if message.HasField("session_info_request"):
            point = message.session_info_request.public_key
            self._add_session_info(reply, message, point)
        else:
            self._command(message, reply, work)

    def _empty_reply(self, message: RoutableMessage) -> RoutableMessage:
        reply = RoutableMessage(uuid=token_bytes(16))
        reply.from_destination.domain = self._domain
        reply.to_destination.CopyFrom(message.from_destination)
        if self._domain != Domain.DOMAIN_VEHICLE_SECURITY:
            reply.request_uuid = message.uuid
        return reply

    def _session(self, point: bytes) -> Session:
        """Return what is known of a key, paired or not. Raises MessageFault."""
        if point not in self._sessions:
            try:
                key = crypto.shared_key(self._private, point)
            except ValueError:
                raise fault.MessageFault(fault.BAD_PARAMETER) from None
            in_order = self._domain == Domain.DOMAIN_VEHICLE_SECURITY
            handle = len(self._sessions) + 1
            self._sessions[point] = Session(key, Counters(in_order), handle)
        return self._sessions[point]

    def _knows(self, point: bytes) -> bool:
        return point.hex() in self._car.paired_keys

    def _add_session_info(
        self, reply: RoutableMessage, message: RoutableMessage, point: bytes
    ) -> None:
        """Tell epoch, time and counter, vouched for by the request's uuid."""
        session, known = self._session(point), self._knows(point)
        info = SessionInfo(
            counter=session.counters.newest,
            publicKey=self.public_point,
            epoch=self._boot.epoch,
            clock_time=self._boot.clock_s(),
            handle=session.handle,
        )
        if not known:
            info.status = Session_Info_Status.SESSION_INFO_STATUS_KEY_NOT_ON_WHITELIST
        reply.session_info = info.SerializeToString()
        tag = crypto.session_info_tag(
            session.key, self._car.vin, message.uuid, reply.session_info
        )
        reply.signature_data.session_info_tag.tag = tag

    def _command(
        self, message: RoutableMessage, reply: RoutableMessage, work: Work
    ) -> None:
        point = message.signature_data.signer_identity.public_key
        if not self._knows(point):
            raise fault.MessageFault(fault.UNKNOWN_KEY)
        session = self._session(point)
        signature = verify(message, self._domain, self._car.vin, self._boot, session)
        payload = work(message.protobuf_message_as_bytes)
        if message.flags & _ENCRYPT and _release(self._car.firmware) >= _ENCRYPTS_FROM:
            self._seal(reply, payload, session, signature)
        else:
            reply.protobuf_message_as_bytes = payload

    def _seal(
        self,
        reply: RoutableMessage,
        payload: bytes,
        session: Session,
        signature: HMAC_Personalized_Signature_Data,
    ) -> None:
        kind = SignatureType.SIGNATURE_TYPE_HMAC_PERSONALIZED
        request_hash = bytes((kind,)) + signature.tag
        if self._domain == Domain.DOMAIN_VEHICLE_SECURITY:
            request_hash = request_hash[:_SHORT_HASH_BYTES]
        sealed = reply.signature_data.AES_GCM_Response_data
        sealed.nonce = token_bytes(_NONCE_BYTES)
        sealed.counter = session.next_reply()
        items: crypto.Metadata = {
            Tag.TAG_DOMAIN: self._domain,
            Tag.TAG_PERSONALIZATION: self._car.vin,
            Tag.TAG_COUNTER: sealed.counter,
            Tag.TAG_FLAGS: reply.flags,
            Tag.TAG_REQUEST_HASH: request_hash,
            Tag.TAG_FAULT: reply.signedMessageStatus.signed_message_fault,
        }
        reply.protobuf_message_as_bytes, sealed.tag = crypto.seal_reply(
            session.key, sealed.nonce, items, payload
        )


def _release(firmware: str) -> tuple[int, ...]:
    return tuple(int(part) for part in firmware.split(".") if part.isdigit())
