"""Speak with the gateway of an energy site: messages inside Tesla's energy command.

Tesla has one address for all messages; those that programs need have their own here.
The shape is that of Tesla's own clients, as the community wrote it down.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleet.errors import Unreadable

_BY_DIN = 1


@dataclass(frozen=True, slots=True)
class Message:
    """Name a message: its part of the gateway, and its reply inside the answer."""

    part: str
    name: str
    reply: str


MESSAGES: Mapping[str, Message] = {
    "authorized_clients": Message(
        "authorization",
        "list_authorized_clients_request",
        "ListAuthorizedClientsResponse",
    ),
    "add_authorized_client": Message(
        "authorization", "add_authorized_client_request", "AddAuthorizedClientResponse"
    ),
    "remove_authorized_client": Message(
        "authorization",
        "remove_authorized_client_request",
        "RemoveAuthorizedClientResponse",
    ),
    "networking_status": Message(
        "common", "get_networking_status_request", "GetNetworkingStatusResponse"
    ),
}
"""The message that each address stands for, by the endpoint's name."""

_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "add_authorized_client": {
        "key_type": 1,
        "authorized_client_type": 1,
        "description": "Keyfob",
    }
}


def message(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of the energy command that carries a message."""
    known = MESSAGES[name]
    content = {**_DEFAULTS.get(name, {}), **fields}
    return {
        "command_type": "grpc_command",
        "command_properties": {
            "message": {known.part: {known.name: content}},
            "identifier_type": _BY_DIN,
        },
    }


def reply(name: str, content: Any) -> dict[str, Any]:
    """Return the reply inside the answer to an energy command; {} for an empty one.

    Raises `Unreadable` for an answer of another shape.
    """
    known = MESSAGES[name]
    path = ("message", "Payload", known.part.capitalize(), "Message", known.reply)
    found = content
    for step in path:
        if not isinstance(found, Mapping):
            raise Unreadable("The site's gateway answered in another shape")
        found = found.get(step)
        if found is None:
            return {}
    if not isinstance(found, dict):
        raise Unreadable("The site's gateway answered in another shape")
    return found
