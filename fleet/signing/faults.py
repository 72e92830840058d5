"""List what a car can find wrong with a message, and what to do about each."""

from dataclasses import dataclass
from enum import Enum, IntEnum

from tesla_protocol.command.universal_message_pb2 import (
    OperationStatus_E,
    RoutableMessage,
)

from fleet.errors import (
    CommandRejected,
    CommandUnknown,
    CredentialsNeeded,
    FleetError,
    KeychainFull,
    KeyInactive,
    KeyNotPaired,
    MobileAccessOff,
    NotPrivileged,
    ProximityNeeded,
    SessionFailed,
    VehicleBusy,
    WrongVehicle,
)


class Fault(IntEnum):
    """Number the faults. Source: `universal_message.proto` of the protocol."""

    UNSAID = -1
    NONE = 0
    BUSY = 1
    TIMEOUT = 2
    UNKNOWN_KEY_ID = 3
    INACTIVE_KEY = 4
    INVALID_SIGNATURE = 5
    INVALID_TOKEN_OR_COUNTER = 6
    INSUFFICIENT_PRIVILEGES = 7
    INVALID_DOMAINS = 8
    INVALID_COMMAND = 9
    DECODING = 10
    INTERNAL = 11
    WRONG_PERSONALIZATION = 12
    BAD_PARAMETER = 13
    KEYCHAIN_IS_FULL = 14
    INCORRECT_EPOCH = 15
    IV_INCORRECT_LENGTH = 16
    TIME_EXPIRED = 17
    NOT_PROVISIONED_WITH_IDENTITY = 18
    COULD_NOT_HASH_METADATA = 19
    TIME_TO_LIVE_TOO_LONG = 20
    REMOTE_ACCESS_DISABLED = 21
    REMOTE_SERVICE_ACCESS_DISABLED = 22
    COMMAND_REQUIRES_ACCOUNT_CREDENTIALS = 23
    REQUEST_MTU_EXCEEDED = 24
    RESPONSE_MTU_EXCEEDED = 25
    REPEATED_COUNTER = 26
    INVALID_KEY_HANDLE = 27
    REQUIRES_RESPONSE_ENCRYPTION = 28
    COMMAND_REQUIRES_PHYSICAL_PROXIMITY = 29


class Cure(Enum):
    """List what can help: nothing, waiting a little, or a session in step."""

    NONE = "none"
    WAIT = "wait"
    RESYNC = "resync"


@dataclass(frozen=True, slots=True)
class Rule:
    """Say what helps against a fault, and which error it is when nothing does.

    `maybe_done`: the car may have done the command all the same.
    """

    kind: type[FleetError]
    cure: Cure = Cure.NONE
    maybe_done: bool = False


_OTHER = Rule(CommandRejected)
_OUT_OF_STEP = Rule(SessionFailed, Cure.RESYNC)
_BUSY = Rule(VehicleBusy, Cure.WAIT)

RULES: dict[int, Rule] = {
    Fault.BUSY: _BUSY,
    # The part of the car that acts was asked and did not say whether it did.
    Fault.TIMEOUT: Rule(VehicleBusy, Cure.WAIT, maybe_done=True),
    Fault.UNKNOWN_KEY_ID: Rule(KeyNotPaired),
    Fault.INACTIVE_KEY: Rule(KeyInactive),
    Fault.INVALID_SIGNATURE: _OUT_OF_STEP,
    Fault.INVALID_TOKEN_OR_COUNTER: _OUT_OF_STEP,
    Fault.INSUFFICIENT_PRIVILEGES: Rule(NotPrivileged),
    Fault.INVALID_DOMAINS: _OTHER,
    Fault.INVALID_COMMAND: Rule(CommandUnknown),
    Fault.DECODING: _OTHER,
    Fault.INTERNAL: _BUSY,
    Fault.WRONG_PERSONALIZATION: Rule(WrongVehicle),
    Fault.BAD_PARAMETER: _OTHER,
    Fault.KEYCHAIN_IS_FULL: Rule(KeychainFull),
    Fault.INCORRECT_EPOCH: _OUT_OF_STEP,
    Fault.IV_INCORRECT_LENGTH: _OTHER,
    Fault.TIME_EXPIRED: _OUT_OF_STEP,
    Fault.NOT_PROVISIONED_WITH_IDENTITY: _OTHER,
    Fault.COULD_NOT_HASH_METADATA: _OTHER,
    Fault.TIME_TO_LIVE_TOO_LONG: _OUT_OF_STEP,
    Fault.REMOTE_ACCESS_DISABLED: Rule(MobileAccessOff),
    Fault.REMOTE_SERVICE_ACCESS_DISABLED: Rule(MobileAccessOff),
    Fault.COMMAND_REQUIRES_ACCOUNT_CREDENTIALS: Rule(CredentialsNeeded),
    Fault.REQUEST_MTU_EXCEEDED: _OTHER,
    # It was done, and only what it answered was too long.
    Fault.RESPONSE_MTU_EXCEEDED: Rule(CommandRejected, maybe_done=True),
    # The car saw this very message before, so it may have acted on it then.
    Fault.REPEATED_COUNTER: Rule(SessionFailed, Cure.RESYNC, maybe_done=True),
    Fault.INVALID_KEY_HANDLE: _OUT_OF_STEP,
    Fault.REQUIRES_RESPONSE_ENCRYPTION: _OTHER,
    Fault.COMMAND_REQUIRES_PHYSICAL_PROXIMITY: Rule(ProximityNeeded),
}


def rule_of(fault: int) -> Rule:
    """Return the rule; faults of newer cars go by the one of a plain refusal."""
    return RULES.get(fault, _OTHER)


def fault_of(message: RoutableMessage) -> int:
    """Return the fault that an answer tells of, 0 for none.

    An answer that only says "wait" counts as `BUSY`, one that only says "error"
    as `UNSAID`.
    """
    status = message.signedMessageStatus
    if status.signed_message_fault:
        return int(status.signed_message_fault)
    if status.operation_status == OperationStatus_E.OPERATIONSTATUS_WAIT:
        return Fault.BUSY
    if status.operation_status == OperationStatus_E.OPERATIONSTATUS_ERROR:
        return Fault.UNSAID
    return Fault.NONE


def rejection(fault: int) -> FleetError:
    """Return the error that a fault is when nothing helps."""
    error = rule_of(fault).kind(f"The car refused the message: {name_of(fault)}")
    if isinstance(error, CommandRejected):
        error.fault = fault
    return error


def name_of(fault: int) -> str:
    """Return the protocol's word for a fault, in lower case."""
    known = fault in Fault.__members__.values()
    return Fault(fault).name.lower() if known else f"fault {fault}"
