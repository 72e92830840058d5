"""Read the records that a car sends: protobuf by topic."""

from typing import Any

from google.protobuf.message import DecodeError
from tesla_protocol.telemetry import (
    vehicle_alert_pb2 as alert_protocol,
    vehicle_connectivity_pb2 as connectivity_protocol,
    vehicle_error_pb2 as error_protocol,
)

from fleet.records import signals
from fleet.records.record import (
    Malformed,
    Record,
    Topic,
    plausible,
    text_of,
)

_MOST_SECONDS = 315_576_000_000
_AUDIENCES = {value: name for name, value in alert_protocol.Audience.items()}


def read(topic: bytes, payload: bytes, vin: str, otherwise_ms: int) -> Record:
    """Return a record of the car with this VIN, whatever VIN is written inside.

    `otherwise_ms` stands for a moment that is not said or is none. Raises `Malformed`
    for a topic that is unknown and for a payload that is not of its topic.
    """
    try:
        if topic == b"V":
            return _data(payload, vin, otherwise_ms)
        if topic == b"alerts":
            return _alerts(payload, vin, otherwise_ms)
        if topic == b"errors":
            return _errors(payload, vin, otherwise_ms)
        if topic == b"connectivity":
            return _connectivity(payload, vin, otherwise_ms)
    except DecodeError as error:
        raise Malformed("The payload is not of its topic") from error
    raise Malformed("The topic is unknown")


def _data(payload: bytes, vin: str, otherwise_ms: int) -> Record:
    values, message = signals.read(payload)
    return Record(
        vin,
        Topic.DATA,
        _moment(message.created_at, otherwise_ms),
        values,
        is_resend=message.is_resend,
    )


def _alerts(payload: bytes, vin: str, otherwise_ms: int) -> Record:
    message = alert_protocol.VehicleAlerts.FromString(payload)
    items = []
    for alert in message.alerts:
        item: dict[str, Any] = {
            "name": alert.name,
            "audiences": [_AUDIENCES.get(one, one) for one in alert.audiences],
        }
        if alert.HasField("started_at"):
            item["startedAt"] = text_of(_alert_ms(alert.started_at))
        if alert.HasField("ended_at"):
            item["endedAt"] = text_of(_alert_ms(alert.ended_at))
        items.append(item)
    at_ms = _moment(message.created_at, otherwise_ms)
    return Record(vin, Topic.ALERTS, at_ms, items=items)


def _errors(payload: bytes, vin: str, otherwise_ms: int) -> Record:
    message = error_protocol.VehicleErrors.FromString(payload)
    at_ms = _moment(message.created_at, otherwise_ms)
    items = [
        {
            "createdAt": text_of(_moment(error.created_at, at_ms)),
            "name": error.name,
            "tags": dict(error.tags),
            "body": error.body,
        }
        for error in message.errors
    ]
    return Record(vin, Topic.ERRORS, at_ms, items=items)


def _connectivity(payload: bytes, vin: str, otherwise_ms: int) -> Record:
    message = connectivity_protocol.VehicleConnectivity.FromString(payload)
    return Record(
        vin,
        Topic.CONNECTIVITY,
        _moment(message.created_at, otherwise_ms),
        network_interface=message.network_interface,
        is_connected=message.status == connectivity_protocol.CONNECTED,
        connection_id=message.connection_id,
    )


def _moment(stamp: Any, otherwise_ms: int) -> int:
    at_ms: int = stamp.seconds * 1000 + stamp.nanos // 1_000_000
    return plausible(at_ms, otherwise_ms)


def _alert_ms(stamp: Any) -> int:
    """Return when an alert was, in ms; some cars give ms where seconds belong."""
    seconds: int = stamp.seconds
    if seconds >= _MOST_SECONDS:
        return seconds
    at_ms: int = seconds * 1000 + stamp.nanos // 1_000_000
    return at_ms
