"""Take commands, unsigned and signed, to the cars."""

import base64
import binascii

from aiohttp import web
from google.protobuf.message import DecodeError
from tesla_protocol.command.universal_message_pb2 import (
    OperationStatus_E,
    RoutableMessage,
)

from simulator.answers import Refused, answer, refuse, refuse_asleep
from simulator.command_log import Told, without_secrets
from simulator.fleet_api.gates import missing_scopes
from simulator.fleet_api.route import Visit
from simulator.signed.fault import MessageFault
from simulator.signed.garage import read_order
from simulator.weather import FORCED_FAULT
from simulator.world.cars.commands.order import BadField, Order, Outcome, Row
from simulator.world.cars.commands.table import COMMANDS, carry_out

_PROTOCOL_PAGE = (
    "https://developer.tesla.com/docs/fleet-api"
    "#2023-10-09-rest-api-vehicle-commands-endpoint-deprecation-warning"
)


async def command(visit: Visit) -> web.Response:
    """Carry out a command that came unsigned, where the car takes such."""
    name = visit.request.match_info["command"]
    row = COMMANDS.get(name)
    if row is None or row.custom:
        raise refuse(400, "invalid_command")
    _check_scope(visit, row)
    _check_reach(visit, row)
    order = Order(name, visit.body)
    try:
        outcome = carry_out(visit.vehicle, order)
    except BadField as error:
        words = f"{error.name} is missing or not valid"
        raise refuse(400, "invalid_field", words) from None
    _note(visit, order, outcome, signed=False)
    return answer({"result": outcome.result, "reason": outcome.reason})


def _check_scope(visit: Visit, row: Row | None) -> None:
    is_open = row is not None and row.charging
    if not is_open and not visit.has("vehicle_cmds"):
        raise missing_scopes("vehicle_cmds")


def _check_reach(visit: Visit, row: Row) -> None:
    car = visit.vehicle
    if car.protocol_required and not row.unsigned:
        raise refuse(
            403,
            "Tesla Vehicle Command Protocol required, please refer to the "
            f"documentation here: {_PROTOCOL_PAGE}",
        )
    if car.state != "online":
        raise refuse_asleep()
    if not car.condition.mobile_access:
        raise refuse(401, "mobile_access_disabled")
    if row.owner and visit.access_type != "OWNER":
        raise refuse(403, "Unauthorized: this command is for the owner")
    if car.is_settling:
        raise refuse(500, "vehicle busy or finishing wake-up")


def _note(visit: Visit, order: Order, outcome: Outcome, *, signed: bool) -> None:
    hub, car = visit.hub, visit.vehicle
    hub.store.changed = True
    hub.commands.add(
        Told(
            car.vin,
            hub.clock.now(),
            order.name,
            without_secrets(order.fields),
            visit.person.email if visit.person else "",
            signed,
            outcome.result,
            outcome.reason,
        )
    )


async def signed_command(visit: Visit) -> web.Response:
    """Hand a signed message to the car and return its reply.

    422 from a car that does not know the protocol; 408, or 503 by a switch, when it is
    not online.
    """
    car, hub = visit.vehicle, visit.hub
    if car.command_signing == "off":
        raise refuse(422, "vehicle does not support the command protocol")
    if car.state != "online":
        raise _asleep(visit)
    message = _message(visit)
    if not message.HasField("session_info_request"):
        _check_message(visit, message)
    forced = visit.request.get(FORCED_FAULT)
    if forced:
        return _answer(_faulty(message, forced))
    reply = hub.garage.answer(
        car,
        message,
        lambda order, outcome: _note(visit, order, outcome, signed=True),
        is_owner=visit.access_type == "OWNER",
    )
    return _answer(reply)


def _answer(reply: RoutableMessage) -> web.Response:
    return answer(base64.b64encode(reply.SerializeToString()).decode())


def _asleep(visit: Visit) -> Refused:
    if visit.hub.switches.asleep_is_503:
        return refuse(503, "vehicle unavailable: vehicle is offline or asleep")
    return refuse_asleep()


def _message(visit: Visit) -> RoutableMessage:
    text = visit.body.get("routable_message")
    try:
        found = base64.b64decode(text if isinstance(text, str) else "", validate=True)
        message = RoutableMessage.FromString(found)
    except (binascii.Error, ValueError, DecodeError):
        raise _bad_message() from None
    if not found:
        raise _bad_message()
    return message


def _bad_message() -> Refused:
    return refuse(400, "invalid_field", "routable_message is not a message")


def _check_message(visit: Visit, message: RoutableMessage) -> None:
    """Pass what the token's scopes allow; what is encrypted cannot be told."""
    if message.signature_data.HasField("AES_GCM_Personalized_data"):
        raise refuse(400, "invalid_request", "encrypted commands are not forwarded")
    if visit.has("vehicle_cmds"):
        return
    domain = message.to_destination.domain
    try:
        order = read_order(domain, message.protobuf_message_as_bytes)
    except MessageFault:
        raise missing_scopes("vehicle_cmds") from None
    _check_scope(visit, COMMANDS[order.name])


def _faulty(message: RoutableMessage, number: int) -> RoutableMessage:
    reply = RoutableMessage(request_uuid=message.uuid)
    reply.to_destination.CopyFrom(message.from_destination)
    reply.from_destination.CopyFrom(message.to_destination)
    status = reply.signedMessageStatus
    status.operation_status = OperationStatus_E.OPERATIONSTATUS_ERROR
    status.signed_message_fault = type(status.signed_message_fault)(number)
    return reply
