"""Write what cars tell as protobuf: values, alerts and errors."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.timestamp_pb2 import Timestamp
from tesla_protocol.telemetry.vehicle_alert_pb2 import (
    Audience,
    VehicleAlert,
    VehicleAlerts,
)
from tesla_protocol.telemetry.vehicle_data_pb2 import (
    Datum,
    Doors,
    LocationValue,
    Payload,
    TireLocation,
    Value,
)
from tesla_protocol.telemetry.vehicle_error_pb2 import VehicleError, VehicleErrors

from simulator.streaming.readings.kinds import Reading

VALUES, ALERTS, ERRORS = b"V", b"alerts", b"errors"
"""The topics of messages."""

_AUDIENCES = {
    "customer": Audience.Customer,
    "service": Audience.Service,
    "service_fix": Audience.ServiceFix,
}
Record = Payload | VehicleAlerts | VehicleErrors


@dataclass(frozen=True, slots=True)
class Alert:
    """Describe something a car warns of; it goes on while `ended_s` is 0."""

    name: str
    audiences: tuple[str, ...]
    started_s: float
    ended_s: float = 0.0


def values(vin: str, readings: Mapping[str, Reading], at_s: float) -> Payload:
    """Return the readings of one bucket, by field."""
    data = [
        Datum(key=name, value=_value(reading)) for name, reading in readings.items()
    ]
    return Payload(data=data, created_at=_stamp(at_s), vin=vin)


def alerts(vin: str, found: Sequence[Alert], at_s: float) -> VehicleAlerts:
    """Return alerts that begin or end."""
    written = [
        VehicleAlert(
            name=one.name,
            audiences=[_AUDIENCES[each] for each in one.audiences],
            started_at=_stamp(one.started_s),
            ended_at=_stamp(one.ended_s) if one.ended_s else None,
        )
        for one in found
    ]
    return VehicleAlerts(alerts=written, created_at=_stamp(at_s), vin=vin)


def error(
    vin: str, name: str, body: str, tags: Mapping[str, str], at_s: float
) -> VehicleErrors:
    """Return an error of the car's own streaming client."""
    one = VehicleError(created_at=_stamp(at_s), name=name, tags=dict(tags), body=body)
    return VehicleErrors(errors=[one], created_at=_stamp(at_s), vin=vin)


def _value(reading: Reading) -> Value:
    kind, content = reading
    match kind:
        case "location_value":
            latitude, longitude = content
            content = LocationValue(latitude=latitude, longitude=longitude)
        case "door_value":
            content = Doors(**content)
        case "tire_location_value":
            content = TireLocation(**content)
        case _:
            pass
    return Value(**{kind: content})


def _stamp(at_s: float) -> Timestamp:
    rest_s, whole_s = math.modf(at_s)
    return Timestamp(seconds=int(whole_s), nanos=int(rest_s * 1000) * 1_000_000)
