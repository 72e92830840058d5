import pytest
from hypothesis import given, strategies as st
from tesla_protocol.telemetry import (
    vehicle_alert_pb2 as alert_protocol,
    vehicle_connectivity_pb2 as connectivity_protocol,
    vehicle_data_pb2 as protocol,
    vehicle_error_pb2 as error_protocol,
)

from fleet.records import published, reading
from fleet.records.record import Malformed, Record, Topic, come, plausible, text_of
from tests.fleet.records import frames
from tests.fleet.records.frames import AT_MS, VIN, value

F = protocol.Field
_DOORS = {
    "DriverFront": True,
    "DriverRear": False,
    "PassengerFront": False,
    "PassengerRear": False,
    "TrunkFront": False,
    "TrunkRear": True,
}
_CASES = [
    ("Soc", F.Value("Soc"), {"double_value": 81.5}, 81.5),
    ("InsideTemp", F.Value("InsideTemp"), {"float_value": 22.3}, 22.3),
    ("Soc", F.Value("Soc"), {"float_value": 3.4028235e38}, 3.4028235e38),
    ("Soc", F.Value("Soc"), {"float_value": 16777217.0}, 16777216.0),
    ("Soc", F.Value("Soc"), {"float_value": 1.00000012}, 1.0000001),
    ("Soc", F.Value("Soc"), {"float_value": 0.100000024}, 0.100000024),
    ("Soc", F.Value("Soc"), {"float_value": float("nan")}, None),
    ("Soc", F.Value("Soc"), {"double_value": float("inf")}, None),
    ("Soc", F.Value("Soc"), {"int_value": 81}, 81),
    ("Soc", F.Value("Soc"), {"string_value": "34.797"}, "34.797"),
    ("TpmsLastSeenPressureTimeFl", 81, {"long_value": 1767225600}, 1767225600),
    ("Locked", F.Value("Locked"), {"boolean_value": True}, True),
    ("MinutesToArrival", F.Value("MinutesToArrival"), {"invalid": True}, None),
    ("Gear", F.Value("Gear"), {"shift_state_value": 2}, "ShiftStateP"),
    ("Gear", F.Value("Gear"), {"shift_state_value": 99}, 99),
    ("FdWindow", F.Value("FdWindow"), {"window_state_value": 1}, "WindowStateClosed"),
    ("ChargeState", F.Value("ChargeState"), {"charging_value": 4}, "Charging"),
    ("ChargeState", F.Value("ChargeState"), {"charging_value": 77}, 77),
    ("ChargeState", F.Value("ChargeState"), {"string_value": "Idle"}, "Idle"),
    (
        "DetailedChargeState",
        F.Value("DetailedChargeState"),
        {"detailed_charge_state_value": 4},
        "DetailedChargeStateCharging",
    ),
    (
        "Location",
        F.Value("Location"),
        {"location_value": protocol.LocationValue(latitude=30.22, longitude=-97.62)},
        {"latitude": 30.22, "longitude": -97.62},
    ),
    (
        "Location",
        F.Value("Location"),
        {"string_value": "(37.412374 N, 122.145867 W)"},
        {"latitude": 37.412374, "longitude": -122.145867},
    ),
    (
        "OriginLocation",
        F.Value("OriginLocation"),
        {"string_value": "(33.1 S, 151 E)"},
        {"latitude": -33.1, "longitude": 151.0},
    ),
    ("VehicleName", 64, {"string_value": "(my car)"}, "(my car)"),
    ("Soc", F.Value("Soc"), {"string_value": "1.234567e-2"}, "0.01235"),
    ("Soc", F.Value("Soc"), {"string_value": "1.0e99"}, "1.0e99"),
    ("Version", F.Value("Version"), {"string_value": "2026.8.3 abc"}, "2026.8.3 abc"),
    (
        "DoorState",
        F.Value("DoorState"),
        {"door_value": protocol.Doors(DriverFront=True, TrunkRear=True)},
        _DOORS,
    ),
    (
        "ScheduledDepartureTime",
        F.Value("ScheduledDepartureTime"),
        {"time_value": protocol.Time(hour=7, minute=30)},
        "07:30:00",
    ),
    ("Field_299", 299, {"int_value": 5}, 5),
    ("Field_0", 0, {"int_value": 5}, 5),
]


@pytest.mark.parametrize(("name", "key", "kinds", "expected"), _CASES)
def test_values_take_their_normal_form_from_both_sources(
    name: str, key: int, kinds: dict[str, object], expected: object
) -> None:
    message = frames.data((key, value(**kinds)))

    from_car = reading.read(b"V", message.SerializeToString(), VIN, 5)
    from_server = published.read(f"tesla_V_{{{VIN}}}", frames.as_json(message), 5)

    assert from_car == Record(VIN, Topic.DATA, AT_MS, {name: expected})
    assert type(from_car.values[name]) is type(expected)
    assert from_server == from_car


def test_tires_are_named_as_on_the_wire() -> None:
    tires = protocol.TireLocation(front_left=True, semi_rear_axle_right_2=True)
    message = frames.data(
        (F.Value("TpmsHardWarnings"), value(tire_location_value=tires))
    )

    record = reading.read(b"V", message.SerializeToString(), VIN, 5)

    found = record.values["TpmsHardWarnings"]
    assert {name for name, is_so in found.items() if is_so} == {
        "frontLeft",
        "semiRearAxleRight2",
    }
    assert list(found)[:4] == ["frontLeft", "frontRight", "rearLeft", "rearRight"]
    assert published.read(f"x_V_{{{VIN}}}", frames.as_json(message), 5) == record


def test_a_value_of_no_known_kind_is_null() -> None:
    message = frames.data((F.Value("Soc"), value()))
    # Kind 1999 is of the future: a varint.
    payload = message.SerializeToString() + bytes.fromhex("0a0708081203f87c01")

    record = reading.read(b"V", payload, VIN, 5)

    assert record.values == {"Soc": None}


def test_the_certificate_wins_over_the_payload() -> None:
    message = frames.data((8, value(int_value=1)), vin="5YJ3E1EA4PF999999")

    assert reading.read(b"V", message.SerializeToString(), VIN, 5).vin == VIN
    assert published.read(f"t_V_{{{VIN}}}", frames.as_json(message), 5).vin == VIN


def test_a_resent_record_says_so() -> None:
    message = frames.data((8, value(int_value=1)), is_resend=True)

    assert reading.read(b"V", message.SerializeToString(), VIN, 5).is_resend
    assert published.read(f"t_V_{{{VIN}}}", frames.as_json(message), 5).is_resend


@pytest.mark.parametrize("at_ms", [0, -5, 9_999_999_999_999_999])
def test_a_moment_that_is_none_is_replaced(at_ms: int) -> None:
    message = frames.data()
    message.created_at.seconds = at_ms // 1000

    record = reading.read(b"V", message.SerializeToString(), VIN, AT_MS)

    assert record.at_ms == AT_MS


def test_alerts_take_their_normal_form_from_both_sources() -> None:
    message = alert_protocol.VehicleAlerts(vin=VIN)
    message.created_at.seconds, message.created_at.nanos = frames.stamp(AT_MS)
    first = message.alerts.add(name="VCFRONT_a192", audiences=[1, 3])
    first.started_at.seconds = 1_767_225_600
    first.ended_at.seconds, first.ended_at.nanos = frames.stamp(AT_MS)
    message.alerts.add(name="Still on")

    record = reading.read(b"alerts", message.SerializeToString(), VIN, 5)

    assert record == Record(
        VIN,
        Topic.ALERTS,
        AT_MS,
        items=[
            {
                "name": "VCFRONT_a192",
                "audiences": ["Customer", "ServiceFix"],
                "startedAt": "2026-01-01T00:00:00.000Z",
                "endedAt": "2026-01-01T00:00:00.983Z",
            },
            {"name": "Still on", "audiences": []},
        ],
    )
    assert published.read(f"t_alerts_{{{VIN}}}", frames.as_json(message), 5) == record


def test_alerts_whose_seconds_are_milliseconds_are_understood() -> None:
    message = alert_protocol.VehicleAlerts(vin=VIN)
    message.alerts.add(name="a").started_at.seconds = AT_MS

    record = reading.read(b"alerts", message.SerializeToString(), VIN, AT_MS)

    assert record.items[0]["startedAt"] == "2026-01-01T00:00:00.983Z"


def test_errors_take_their_normal_form_from_both_sources() -> None:
    message = error_protocol.VehicleErrors(vin=VIN)
    message.created_at.seconds, message.created_at.nanos = frames.stamp(AT_MS)
    error = message.errors.add(name="cloud_error", body="no", tags={"field_name": "x"})
    error.created_at.seconds = 1_767_225_601

    record = reading.read(b"errors", message.SerializeToString(), VIN, 5)

    assert record == Record(
        VIN,
        Topic.ERRORS,
        AT_MS,
        items=[
            {
                "createdAt": "2026-01-01T00:00:01.000Z",
                "name": "cloud_error",
                "tags": {"field_name": "x"},
                "body": "no",
            }
        ],
    )
    assert published.read(f"t_errors_{{{VIN}}}", frames.as_json(message), 5) == record


@pytest.mark.parametrize(("status", "is_connected"), [(1, True), (2, False)])
def test_connectivity_takes_its_normal_form_from_both_sources(
    status: int, *, is_connected: bool
) -> None:
    message = connectivity_protocol.VehicleConnectivity(
        vin=VIN,
        connection_id="c-1",
        status=status,  # type: ignore[arg-type]  # a number
        network_interface="wifi",
    )
    message.created_at.seconds, message.created_at.nanos = frames.stamp(AT_MS)

    record = reading.read(b"connectivity", message.SerializeToString(), VIN, 5)

    assert record == Record(
        VIN,
        Topic.CONNECTIVITY,
        AT_MS,
        network_interface="wifi",
        is_connected=is_connected,
        connection_id="c-1",
    )
    channel = f"t_connectivity_{{{VIN}}}"
    assert published.read(channel, frames.as_json(message), 5) == record


def test_an_unknown_topic_is_malformed() -> None:
    with pytest.raises(Malformed, match="topic"):
        reading.read(b"metrics", b"", VIN, 5)


@given(
    st.sampled_from([b"V", b"alerts", b"errors", b"connectivity"]),
    st.binary(max_size=200),
)
def test_noise_is_a_record_or_malformed(topic: bytes, noise: bytes) -> None:
    try:
        record = reading.read(topic, noise, VIN, AT_MS)
    except Malformed:
        return
    assert record.vin == VIN


def test_record_is_of_no_later_moment_than_it_came() -> None:
    record = Record(VIN, Topic.DATA, AT_MS, {"Soc": 1})
    assert come(record, AT_MS - 60_000) == record
    assert come(record, AT_MS - 60_001) == record._replace(at_ms=AT_MS - 60_001)


def test_moments_outside_of_this_century_are_none() -> None:
    assert plausible(AT_MS, 7) == AT_MS
    assert plausible(0, 7) == 7
    assert text_of(AT_MS) == "2026-01-01T00:00:00.983Z"
    assert text_of(-1) == "1970-01-01T00:00:00.000Z"
