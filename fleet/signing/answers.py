"""Read what a car says about a command that it took."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from tesla_protocol.command.car_server_pb2 import OperationStatus_E, Response
from tesla_protocol.command.errors_pb2 import GenericError_E
from tesla_protocol.command.vcsec_pb2 import (
    CommandStatus,
    FromVCSECMessage,
    OperationStatus_E as SecurityStatus,
    WhitelistOperation_information_E as KeychainStatus,
)

from fleet.errors import Unreadable, VehicleBusy, redact
from fleet.signing.domains import Domain
from fleet.signing.faults import Fault, rejection

_NO_REASON = "unknown"
_KEYCHAIN_FULL = frozenset(
    {
        KeychainStatus.WHITELISTOPERATION_INFORMATION_KEYFOB_SLOTS_FULL,
        KeychainStatus.WHITELISTOPERATION_INFORMATION_WHITELIST_FULL,
        KeychainStatus.WHITELISTOPERATION_INFORMATION_KEYCHAIN_WHILE_FS_FULL,
    }
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Say whether the car did it, and in its own words why not ("" when it did).

    `calls` is how many calls to Tesla it took. `said` holds what the car told
    beside that, by the names of the protocol; empty for most commands.
    """

    result: bool
    reason: str
    calls: int = 0
    said: Mapping[str, Any] = field(default_factory=dict, repr=False)


def outcome(domain: Domain, data: bytes) -> Outcome:
    """Return what a car's answer says. Nothing at all means that it was done.

    Raises `VehicleBusy` where the car says "wait", `KeychainFull` where no key
    fits any more, `Unreadable` for what is no answer.
    """
    try:
        if domain is Domain.INFOTAINMENT:
            return _infotainment(Response.FromString(data))
        return _security(FromVCSECMessage.FromString(data))
    except DecodeError as error:
        raise Unreadable("The car's answer cannot be read") from error


def _infotainment(response: Response) -> Outcome:
    status = response.actionStatus
    if status.result == OperationStatus_E.OPERATIONSTATUS_ERROR:
        said = redact(status.result_reason.plain_text)
        return Outcome(result=False, reason=said or _NO_REASON)
    told = response.WhichOneof("response_msg")
    if told is None:
        return Outcome(result=True, reason="")
    whole = MessageToDict(response, preserving_proto_field_name=True)
    return Outcome(result=True, reason="", said=whole[told])


def _security(message: FromVCSECMessage) -> Outcome:
    if message.HasField("nominalError"):
        code = message.nominalError.genericError
        return Outcome(result=False, reason=_word(GenericError_E, code))
    if message.HasField("commandStatus"):
        return _status(message.commandStatus)
    return Outcome(result=True, reason="")


def _status(status: CommandStatus) -> Outcome:
    """Return what a status says that has no nominal error beside it."""
    if status.operationStatus == SecurityStatus.OPERATIONSTATUS_WAIT:
        raise VehicleBusy("The car's security computer is busy")
    keychain = status.whitelistOperationStatus.whitelistOperationInformation
    if keychain in _KEYCHAIN_FULL:
        raise rejection(Fault.KEYCHAIN_IS_FULL)
    if keychain:
        return Outcome(result=False, reason=_word(KeychainStatus, keychain))
    if status.operationStatus == SecurityStatus.OPERATIONSTATUS_ERROR:
        return Outcome(result=False, reason=_NO_REASON)
    return Outcome(result=True, reason="")


def _word(enum: Any, code: int) -> str:
    """Return the word of a code without its prefix, in lower case."""
    names: dict[int, str] = {value: name for name, value in enum.items()}
    name = names.get(code, "")
    known = name.removeprefix("GENERICERROR_")
    return known.removeprefix("WHITELISTOPERATION_INFORMATION_").lower() or _NO_REASON
