"""Read orders for seats, which messages spell out one by one."""

from typing import Any

from simulator.signed import fault
from simulator.world.cars.commands.order import Order

_LEVELS = ("OFF", "LOW", "MED", "HIGH")
_POSITIONS = (
    "FRONT_LEFT",
    "FRONT_RIGHT",
    "REAR_LEFT",
    "REAR_LEFT_BACK",
    "REAR_CENTER",
    "REAR_RIGHT",
    "REAR_RIGHT_BACK",
    "THIRD_ROW_LEFT",
    "THIRD_ROW_RIGHT",
)


def seat_heaters(message: Any) -> Order:
    """Return the order for one seat or several. Raises MessageFault."""
    asked = {}
    for one in message.hvacSeatHeaterAction:
        level = (one.WhichOneof("seat_heater_level") or "").removeprefix("SEAT_HEATER_")
        seat = (one.WhichOneof("seat_position") or "").removeprefix("CAR_SEAT_")
        if level not in _LEVELS or seat not in _POSITIONS:
            raise fault.MessageFault(fault.BAD_PARAMETER)
        asked[_POSITIONS.index(seat)] = _LEVELS.index(level)
    if len(asked) != 1:
        return Order("seat_heater", {"seats": {str(s): n for s, n in asked.items()}})
    [(position, level_number)] = asked.items()
    fields = {"seat_position": position, "level": level_number}
    return Order("remote_seat_heater_request", fields)


def seat_cooler(message: Any) -> Order:
    """Return the order for one cooled seat. Raises MessageFault."""
    [one] = _single(message.hvacSeatCoolerAction)
    # The enumeration counts from 1, for off; 0 means unknown.
    fields = {
        "seat_position": one.seat_position,
        "seat_cooler_level": one.seat_cooler_level - 1,
    }
    return Order("remote_seat_cooler_request", fields)


def auto_seat(message: Any) -> Order:
    """Return the order to leave one seat to the car, or not. Raises MessageFault."""
    [one] = _single(message.carseat)
    fields = {"auto_seat_position": one.seat_position, "auto_climate_on": one.on}
    return Order("remote_auto_seat_climate_request", fields)


def _single(found: Any) -> list[Any]:
    if len(found) != 1:
        raise fault.MessageFault(fault.BAD_PARAMETER)
    return list(found)
