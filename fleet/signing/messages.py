"""Read and address the protocol's outermost message."""

import os

from google.protobuf.message import DecodeError
from tesla_protocol.command.universal_message_pb2 import RoutableMessage

from fleet.errors import Unreadable
from fleet.signing.domains import Domain

ENCRYPT_RESPONSE = 1 << 1
"""The flag that asks the car to encrypt its answer; older software ignores it."""


def names() -> tuple[bytes, bytes]:
    """Return a fresh address to answer to, and a fresh name of a message."""
    fresh = os.urandom(32)
    return fresh[:16], fresh[16:]


def addressed(domain: Domain, address: bytes, uuid: bytes) -> RoutableMessage:
    """Return an empty message to one computer of a car."""
    message = RoutableMessage(uuid=uuid, flags=ENCRYPT_RESPONSE)
    message.to_destination.domain = domain  # type: ignore[assignment] # same numbers
    message.from_destination.routing_address = address
    return message


def parsed(raw: bytes, domain: Domain, address: bytes, uuid: bytes) -> RoutableMessage:
    """Return the answer to one message, and to none other. Else `Unreadable`.

    The security computer usually leaves out whose answer it is; then the
    address, which is used once, tells.
    """
    try:
        message = RoutableMessage.FromString(raw)
    except DecodeError as error:
        raise Unreadable("The car's answer is not of the protocol") from error
    named = message.request_uuid
    sender = message.from_destination
    addressee = message.to_destination.routing_address
    if (named and named != uuid) or (addressee and addressee != address):
        raise Unreadable("The car's answer belongs to another message")
    if not named and not addressee:
        raise Unreadable("The car's answer does not say what it answers")
    if (
        sender.WhichOneof("sub_destination") == "domain"
        and int(sender.domain) != domain
    ):
        raise Unreadable("Another computer of the car answered")
    return message
