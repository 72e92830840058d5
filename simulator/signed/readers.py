"""Turn messages to the screen's computer into orders."""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

from simulator.signed import fault
from simulator.world.cars.commands.order import Order

Reader = Callable[[Any], Order]


def plain(name: str, /, **fields: str) -> Reader:
    """Return a reader that copies fields; each REST name is given its message's."""

    def read(message: Message) -> Order:
        return Order(
            name, {rest: getattr(message, own) for rest, own in fields.items()}
        )

    return read


def either(on: str, off: str, flag: str, /, **fields: str) -> Reader:
    """Return a reader for a message that stands for one of two commands."""

    def read(message: Message) -> Order:
        values = {rest: getattr(message, own) for rest, own in fields.items()}
        return Order(on if getattr(message, flag) else off, values)

    return read


def shifted(name: str, field: str, own: str, shift: int = -1) -> Reader:
    """Return a reader for an enumeration whose 0 means unknown."""

    def read(message: Message) -> Order:
        return Order(name, {field: getattr(message, own) + shift})

    return read


def charging(message: Any) -> Order:
    """Return the order to start or stop charging. Raises MessageFault."""
    names = {
        "start": "charge_start",
        "start_standard": "charge_standard",
        "start_max_range": "charge_max_range",
        "stop": "charge_stop",
    }
    which = message.WhichOneof("charging_action")
    if which not in names:
        raise fault.MessageFault(fault.BAD_PARAMETER)
    return Order(names[which])


def volume(message: Any) -> Order:
    """Return the order to turn the volume up, down or to a value."""
    if message.WhichOneof("media_volume") == "volume_absolute_float":
        return Order("adjust_volume", {"volume": message.volume_absolute_float})
    return Order("media_volume_up" if message.volume_delta > 0 else "media_volume_down")


def departure(message: Any) -> Order:
    """Return the order to be ready at a time of day."""
    warm, off_peak = message.preconditioning_times, message.off_peak_charging_times
    return Order(
        "set_scheduled_departure",
        {
            "enable": message.enabled,
            "departure_time": message.departure_time,
            "preconditioning_enabled": message.HasField("preconditioning_times"),
            "preconditioning_weekdays_only": warm.HasField("weekdays"),
            "off_peak_charging_enabled": message.HasField("off_peak_charging_times"),
            "off_peak_charging_weekdays_only": off_peak.HasField("weekdays"),
            "end_off_peak_time": message.off_peak_hours_end_time,
        },
    )


def temps(message: Any) -> Order:
    """Return the order for the temperatures of both sides."""
    fields = {"driver_temp": message.driver_temp_celsius}
    if message.passenger_temp_celsius:
        fields["passenger_temp"] = message.passenger_temp_celsius
    return Order("set_temps", fields)


def valet(message: Any) -> Order:
    """Return the order for valet mode; an empty password is none."""
    fields = {"on": message.on, "password": message.password or None}
    return Order("set_valet_mode", fields)


def window(message: Any) -> Order:
    """Return the order to vent or close the windows."""
    return Order("window_control", {"command": message.WhichOneof("action")})


def sun_roof(message: Any) -> Order:
    """Return the order to move the roof."""
    return Order("sun_roof_control", {"state": message.WhichOneof("action")})


def homelink(message: Any) -> Order:
    """Return the order to open a garage."""
    where = message.location
    return Order("trigger_homelink", {"lat": where.latitude, "lon": where.longitude})


def wheel(message: Any) -> Order:
    """Return the order for the level of the steering wheel."""
    level = {1: 0, 2: 1, 3: 3}.get(message.stw_heat_level)
    return Order("remote_steering_wheel_heat_level_request", {"level": level})


def solar(message: Any) -> Order:
    """Return the order to charge from the sun."""
    asked = message.charge_on_solar
    fields = {
        "enabled": asked.enabled,
        "lower_charge_limit": asked.lower_charge_limit,
        "upper_charge_limit": asked.upper_charge_limit,
    }
    return Order("charge_on_solar", fields)
