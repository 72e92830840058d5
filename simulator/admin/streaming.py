"""Show and move how cars stream: the line, slots, alerts, the next drive."""

from typing import Any

from simulator.admin.actions import BadOrder, NoSuchThing
from simulator.hub import Hub
from simulator.streaming.lines import Lines
from simulator.world.cars.car import Car
from simulator.world.cars.outing import NowhereToGo, drive_now

_FLAGS = ("line_cut", "no_slot", "bad_certificate")
_TOO_OLD = ("", "hardware", "firmware")
_MISHAPS = ("alert", "error")


def set_streaming(hub: Hub, vin: str, facts: dict[str, Any]) -> Car:
    """Change what stands between a car and telemetry servers. Raises BadOrder.

    `line_cut`, `no_slot` and `bad_certificate` are switches; `streaming_toggle` is the
    one on the screen of cars without keychain. `unsupported` is "hardware",
    "firmware" or nothing.
    """
    car = _car(hub, vin)
    for name, value in facts.items():
        if name in _FLAGS and isinstance(value, bool):
            setattr(car.condition.streaming, name, value)
        elif name == "unsupported" and value in _TOO_OLD:
            car.condition.streaming.unsupported = value
        elif (
            name == "streaming_toggle"
            and isinstance(value, bool)
            and car.condition.streaming_toggle is not None
        ):
            car.condition.streaming_toggle = value
        else:
            raise BadOrder(f"{name} cannot be set to that")
    hub.store.changed = True
    return car


def send_out(hub: Hub, vin: str) -> Car:
    """Have a parked car set out at once. Raises BadOrder."""
    car = _car(hub, vin)
    try:
        drive_now(car)
    except NowhereToGo as error:
        raise BadOrder(str(error)) from None
    hub.store.changed = True
    return car


def order_mishap(hub: Hub, vin: str, kind: str) -> Car:
    """Have a streaming car send an alert or an error with its next bucket.

    A second alert ends the first. Raises BadOrder when nobody would hear it.
    """
    car = _car(hub, vin)
    configs = [
        one for one in hub.store.configs.values() if one.vin == vin and one.takes
    ]
    if kind not in _MISHAPS:
        raise BadOrder(f"a car sends one of {', '.join(_MISHAPS)}")
    if not configs:
        raise BadOrder(f"{car.name} does not stream")
    if kind == "alert" and not any(one.config.get("alert_types") for one in configs):
        raise BadOrder(f"nobody asked {car.name} for alerts")
    hub.mishaps.append((vin, kind))
    return car


def end_over_limit(hub: Hub) -> None:
    """End what cars stream to applications over their billing limit, for good."""
    for client_id, vin in list(hub.store.configs):
        if client_id in hub.switches.over_billing_limit:
            hub.store.remove_config(client_id, vin)


def streaming_of(hub: Hub, lines: Lines, vin: str) -> dict[str, Any]:
    """Return switches, streams and errors of a car. Raises NoSuchThing."""
    car = _car(hub, vin)
    streaming = car.condition.streaming
    return {
        "vin": vin,
        "name": car.name,
        "is_driving": car.moment().motion.is_driving,
        "line_cut": streaming.line_cut,
        "no_slot": streaming.no_slot,
        "bad_certificate": streaming.bad_certificate,
        "unsupported": streaming.unsupported,
        "streaming_toggle": car.condition.streaming_toggle,
        "streams": [
            {
                "client_id": one.client_id,
                "hostname": one.config.get("hostname"),
                "port": one.config.get("port"),
                "fields": len(one.config.get("fields", ())),
                "synced": one.synced_at is not None,
                "takes": one.takes,
                "line": lines.as_json(one.client_id, vin),
            }
            for one in list(hub.store.configs.values())
            if one.vin == vin
        ],
        "errors": [
            one.as_json() for one in reversed(hub.store.stream_errors) if one.vin == vin
        ],
    }


def _car(hub: Hub, vin: str) -> Car:
    car = hub.world.cars.get(vin)
    if car is None:
        raise NoSuchThing(f"there is no car {vin}")
    return car
