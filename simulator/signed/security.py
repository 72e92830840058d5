"""Read what is ordered of the computer of locks and keys, and write its replies."""

from typing import Any

from google.protobuf.message import DecodeError
from tesla_protocol.command.errors_pb2 import GenericError_E
from tesla_protocol.command.vcsec_pb2 import (
    ClosureMoveType_E,
    FromVCSECMessage,
    InformationRequestType,
    OperationStatus_E,
    RKEAction_E,
    UnsignedMessage,
    UserPresence_E,
    VehicleLockState_E,
    VehicleSleepStatus_E,
)

from simulator.signed import fault
from simulator.world.cars.car import Car
from simulator.world.cars.commands.order import (
    KEYCHAIN_FULL,
    NOT_IN_PARK,
    NOT_OVER_TRANSPORT,
    NOT_SUPPORTED,
    VALET_MODE,
    Order,
    Outcome,
)

_KEYLESS = {
    RKEAction_E.RKE_ACTION_UNLOCK: "door_unlock",
    RKEAction_E.RKE_ACTION_LOCK: "door_lock",
    RKEAction_E.RKE_ACTION_REMOTE_DRIVE: "remote_start_drive",
    RKEAction_E.RKE_ACTION_AUTO_SECURE_VEHICLE: "auto_secure_vehicle",
    RKEAction_E.RKE_ACTION_WAKE_VEHICLE: "wake",
}
_ASKED = {
    InformationRequestType.INFORMATION_REQUEST_TYPE_GET_STATUS: "get_status",
    InformationRequestType.INFORMATION_REQUEST_TYPE_GET_WHITELIST_INFO: "get_keys",
}
_MOVES = {
    ClosureMoveType_E.CLOSURE_MOVE_TYPE_MOVE: "move",
    ClosureMoveType_E.CLOSURE_MOVE_TYPE_STOP: "stop",
    ClosureMoveType_E.CLOSURE_MOVE_TYPE_OPEN: "open",
    ClosureMoveType_E.CLOSURE_MOVE_TYPE_CLOSE: "close",
}
_CLOSURES = {
    ("rearTrunk", "move"): Order("actuate_trunk", {"which_trunk": "rear"}),
    ("frontTrunk", "move"): Order("actuate_trunk", {"which_trunk": "front"}),
    ("chargePort", "open"): Order("charge_port_door_open"),
    ("chargePort", "close"): Order("charge_port_door_close"),
    ("tonneau", "open"): Order("open_tonneau"),
    ("tonneau", "close"): Order("close_tonneau"),
    ("tonneau", "stop"): Order("stop_tonneau"),
}
_ERRORS = {
    NOT_IN_PARK: GenericError_E.GENERICERROR_VEHICLE_NOT_IN_PARK,
    NOT_SUPPORTED: GenericError_E.GENERICERROR_NOT_SUPPORTED,
    NOT_OVER_TRANSPORT: GenericError_E.GENERICERROR_NOT_ALLOWED_OVER_TRANSPORT,
    VALET_MODE: GenericError_E.GENERICERROR_DISABLED_FOR_USER_COMMAND,
}


def read_unsigned(payload: bytes) -> Order:
    """Return what a message orders. Raises MessageFault: no message, or unknown."""
    try:
        message = UnsignedMessage.FromString(payload)
    except DecodeError:
        raise fault.MessageFault(fault.DECODING) from None
    found: Order | None = None
    match message.WhichOneof("sub_message"):
        case "RKEAction":
            found = _named(_KEYLESS.get(message.RKEAction))
        case "InformationRequest":
            asked = message.InformationRequest.informationRequestType
            found = _named(_ASKED.get(asked))
        case "closureMoveRequest":
            found = _closure(message.closureMoveRequest)
        case "WhitelistOperation":
            which = message.WhitelistOperation.WhichOneof("sub_message")
            removes = which == "removeAllImpermanentKeys"
            found = Order("remove_key" if removes else "change_keys")
    if found is None:
        raise fault.MessageFault(fault.INVALID_COMMAND)
    return found


def _named(name: str | None) -> Order | None:
    return Order(name) if name else None


def _closure(request: Any) -> Order | None:
    moves = {
        field.name: _MOVES[value]
        for field, value in request.ListFields()
        if value in _MOVES
    }
    if len(moves) == 1:
        [move] = moves.items()
        return _CLOSURES.get(move, Order("closure", moves))
    return Order("closure", moves) if moves else None


def write_busy() -> bytes:
    """Return the payload that asks to try again a little later."""
    reply = FromVCSECMessage()
    reply.commandStatus.operationStatus = OperationStatus_E.OPERATIONSTATUS_WAIT
    return reply.SerializeToString()


def write_reply(car: Car, order: Order, outcome: Outcome) -> bytes:
    """Return the payload of a reply, empty for most success. Raises MessageFault."""
    reply = FromVCSECMessage()
    if outcome.reason == KEYCHAIN_FULL:
        raise fault.MessageFault(fault.KEYCHAIN_FULL)
    if not outcome.result:
        unknown = GenericError_E.GENERICERROR_UNKNOWN
        reply.nominalError.genericError = _ERRORS.get(outcome.reason, unknown)
    elif order.name == "remove_key":
        # A change of keys ends with its own status, whatever that says.
        reply.commandStatus.whitelistOperationStatus.SetInParent()
    elif order.name == "get_status":
        _add_status(reply, car)
    elif order.name == "get_keys":
        reply.whitelistInfo.numberOfEntries = car.key_count
        reply.whitelistInfo.slotMask = (1 << car.key_count) - 1
    return reply.SerializeToString()


def _add_status(reply: FromVCSECMessage, car: Car) -> None:
    moment, status = car.moment(), reply.vehicleStatus
    body = moment.state.body
    is_present = moment.motion.is_driving or body.user_present
    is_locked = body.locked and not moment.motion.is_driving
    status.vehicleSleepStatus = VehicleSleepStatus_E.VEHICLE_SLEEP_STATUS_AWAKE
    status.vehicleLockState = (
        VehicleLockState_E.VEHICLELOCKSTATE_LOCKED
        if is_locked
        else VehicleLockState_E.VEHICLELOCKSTATE_UNLOCKED
    )
    status.userPresence = (
        UserPresence_E.VEHICLE_USER_PRESENCE_PRESENT
        if is_present
        else UserPresence_E.VEHICLE_USER_PRESENCE_NOT_PRESENT
    )
