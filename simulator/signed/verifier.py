"""Check that a signed command is fresh, whole and from a key that the car knows."""

import hmac

from tesla_protocol.command.signatures_pb2 import (
    HMAC_Personalized_Signature_Data,
    Tag,
)
from tesla_protocol.command.universal_message_pb2 import Domain, RoutableMessage

from simulator.signed import crypto, fault
from simulator.signed.session import Boot, Session

_LATEST = 1 << 30
_MOST_TTL_S = 30


def verify(
    message: RoutableMessage, domain: Domain, vin: str, boot: Boot, session: Session
) -> HMAC_Personalized_Signature_Data:
    """Return the signature of a command that may be carried out, its counter used up.

    Raises MessageFault, for the first rule that is broken: epoch, expiry, time to live,
    tag, counter.
    """
    signature = message.signature_data.HMAC_Personalized_data
    if signature.epoch != boot.epoch:
        raise fault.MessageFault(fault.INCORRECT_EPOCH)
    _check_time(signature, boot, session)
    items: crypto.Metadata = {
        Tag.TAG_DOMAIN: domain,
        Tag.TAG_PERSONALIZATION: vin,
        Tag.TAG_EPOCH: signature.epoch,
        Tag.TAG_EXPIRES_AT: signature.expires_at,
        Tag.TAG_COUNTER: signature.counter,
    }
    if message.flags:
        items[Tag.TAG_FLAGS] = message.flags
    payload = message.protobuf_message_as_bytes
    expected = crypto.command_tag(session.key, items, payload)
    if not hmac.compare_digest(expected, signature.tag):
        raise fault.MessageFault(fault.INVALID_SIGNATURE)
    if not session.counters.take(signature.counter):
        raise fault.MessageFault(fault.INVALID_COUNTER)
    return signature


def _check_time(
    signature: HMAC_Personalized_Signature_Data, boot: Boot, session: Session
) -> None:
    now_s = boot.clock_s()
    if signature.expires_at < now_s:
        raise fault.MessageFault(fault.TIME_EXPIRED)
    if signature.expires_at > _LATEST:
        raise fault.MessageFault(fault.BAD_PARAMETER)
    is_uncounted = signature.counter == 0 or signature.counter < session.counters.newest
    if is_uncounted and signature.expires_at - now_s > _MOST_TTL_S:
        raise fault.MessageFault(fault.TIME_TO_LIVE_TOO_LONG)
