"""Read what is ordered of the screen's computer, and write its replies."""

from google.protobuf.message import DecodeError
from tesla_protocol.command.car_server_pb2 import (
    Action,
    OperationStatus_E,
    Response,
)

from simulator.signed import fault
from simulator.signed.actions import READERS
from simulator.world.cars.car import Car
from simulator.world.cars.commands.order import Order, Outcome


def read_action(payload: bytes) -> Order:
    """Return what an action orders. Raises MessageFault: no action, or unknown."""
    try:
        action = Action.FromString(payload).vehicleAction
    except DecodeError:
        raise fault.MessageFault(fault.DECODING) from None
    which = action.WhichOneof("vehicle_action_msg")
    if which not in READERS:
        raise fault.MessageFault(fault.INVALID_COMMAND)
    return READERS[which](getattr(action, which))


def write_reply(car: Car, order: Order, outcome: Outcome) -> bytes:
    """Return the payload of a reply: success, or the car's reason, and what it told."""
    reply = Response()
    status = reply.actionStatus
    status.result = OperationStatus_E.OPERATIONSTATUS_OK
    if not outcome.result:
        status.result = OperationStatus_E.OPERATIONSTATUS_ERROR
        status.result_reason.plain_text = outcome.reason
    elif order.name == "ping":
        reply.ping.local_timestamp.FromMilliseconds(int(car.now_s * 1000))
    elif order.name == "get_charge_on_solar":
        _add_solar(reply, outcome)
    elif order.name == "get_nearby_charging_sites":
        _add_chargers(reply, outcome)
    elif order.name == "get_vehicle_data":
        _add_data(reply, car)
    return reply.SerializeToString()


def _add_solar(reply: Response, outcome: Outcome) -> None:
    found = reply.getChargeOnSolarFeatureResponse.charge_on_solar
    for name, value in outcome.answer.items():
        setattr(found, name, value)


def _add_chargers(reply: Response, outcome: Outcome) -> None:
    found = outcome.answer
    near = reply.getNearbyChargingSites
    near.congestion_sync_time_utc_secs = found["congestion_sync_time_utc_secs"]
    near.timestamp.FromMilliseconds(found["timestamp"])
    for kind in ("destination_charging", "superchargers"):
        for one in found[kind]:
            made = getattr(near, kind).add()
            made.name, made.distance_miles = one["name"], one["distance_miles"]
            made.location.latitude = one["location"]["lat"]
            made.location.longitude = one["location"]["long"]


def _add_data(reply: Response, car: Car) -> None:
    moment = car.moment()
    charge = reply.vehicleData.charge_state
    charge.battery_level = round(moment.level * 100)
    charge.charge_limit_soc = moment.state.charging.limit_percent
    closures = reply.vehicleData.closures_state
    closures.locked = moment.state.body.locked
