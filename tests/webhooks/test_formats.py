"""Bodies in the three formats."""

import json

from events import shapes
from webhooks import formats

VIN = "5YJ3E1EA4PF000001"
AT_MS = 1_767_225_600_983
VALUES = {
    "BatteryLevel": 81.5,
    "Odometer": 7,
    "Locked": True,
    "Gear": "ShiftStateP",
    "MinutesToArrival": None,
    "Location": {"latitude": 30.22, "longitude": -97.62},
    "DoorState": {"DriverFront": False},
    "TpmsHardWarnings": {"frontLeft": True},
    "Strange": {"a": 1},
    "List": [1],
}


def test_teslemetry_is_the_stream_s_json_byte_by_byte() -> None:
    body = shapes.data(VIN, VALUES, AT_MS).body
    assert formats.write("teslemetry", "data", body, "h") is body


def test_tesla_is_a_list_of_typed_values() -> None:
    body = shapes.data(VIN, VALUES, AT_MS).body
    told = json.loads(formats.write("tesla", "data", body, "h"))
    assert (told["vin"], told["createdAt"]) == (VIN, "2026-01-01T00:00:00.983Z")
    assert {one["key"]: one["value"] for one in told["data"]} == {
        "BatteryLevel": {"doubleValue": 81.5},
        "Odometer": {"intValue": 7},
        "Locked": {"booleanValue": True},
        "Gear": {"stringValue": "ShiftStateP"},
        "MinutesToArrival": {"invalid": True},
        "Location": {"locationValue": VALUES["Location"]},
        "DoorState": {"doorValue": VALUES["DoorState"]},
        "TpmsHardWarnings": {"tireLocationValue": VALUES["TpmsHardWarnings"]},
        "Strange": {"stringValue": '{"a":1}'},
        "List": {"stringValue": "[1]"},
    }
    state = shapes.state(VIN, "online", AT_MS).body
    assert formats.write("tesla", "state", state, "h") is state


def test_splunk_has_time_host_source_and_event() -> None:
    body = shapes.data(VIN, {"Gear": "ShiftStateP"}, AT_MS).body
    assert json.loads(formats.write("splunk", "data", body, "kf.example.com")) == {
        "time": 1767225600.983,
        "host": "kf.example.com",
        "source": VIN,
        "event": {"Gear": "ShiftStateP"},
    }
    state = shapes.state(VIN, "asleep", AT_MS).body
    told = json.loads(formats.write("splunk", "state", state, "h"))
    assert told["event"] == {"state": "asleep"}
    ping = b'{"createdAt":"2026-01-01T00:00:00.000Z","ping":true}'
    assert json.loads(formats.write("splunk", "ping", ping, "h"))["source"] == "keyfob"


def test_several_become_an_array_or_lines_of_splunk() -> None:
    assert formats.join("teslemetry", [b"{}", b'{"a":1}']) == b'[{},{"a":1}]'
    assert formats.join("splunk", [b"{}", b"{}"]) == b"{}{}"
