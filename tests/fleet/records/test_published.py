import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from fleet.records import published
from fleet.records.record import Malformed
from tests.fleet.records.frames import AT_MS, VIN

CHANNEL = f"tesla_V_{{{VIN}}}"
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "data",
                    "key",
                    "value",
                    "stringValue",
                    "doorValue",
                    "createdAt",
                    "alerts",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def _read(value: Any, key: Any = "Soc") -> Any:
    document = json.dumps({"data": [{"key": key, "value": value}]})
    return published.read(CHANNEL, document.encode(), 5).values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ({}, None),
        ({"doubleValue": "NaN"}, None),
        ({"doubleValue": "many"}, None),
        ({"floatValue": None}, None),
        ({"longValue": "123"}, 123),
        ({"longValue": True}, None),
        ({"longValue": "x"}, None),
        ({"locationValue": {}}, {"latitude": 0.0, "longitude": 0.0}),
        ({"chargingValue": 8}, 8),
        ({"invalid": True}, None),
        ({"newKindValue": "NewKindOn"}, "NewKindOn"),
        ({"newKindValue": {"a": 1}}, None),
        ({"timeValue": {"hour": "x"}}, "00:00:00"),
    ],
)
def test_odd_values_are_read_carefully(value: Any, expected: Any) -> None:
    assert _read(value) == {"Soc": expected}


def test_fields_are_named_by_number_where_the_server_does_not_know_them() -> None:
    assert _read({"intValue": 1}, 299) == {"Field_299": 1}
    assert _read({"intValue": 1}, 8) == {"Soc": 1}
    assert _read({"intValue": 1}, "Unknown") == {"Field_0": 1}
    assert _read({"intValue": 1}, "OfTheFuture") == {"OfTheFuture": 1}


@pytest.mark.parametrize(
    ("said", "at_ms"),
    [
        ("2026-01-01T00:00:00.983Z", AT_MS),
        ("2026-01-01T00:00:00.983123456Z", AT_MS),
        ("2026-01-01T00:00:00Z", AT_MS - 983),
        ("2026-13-01T00:00:00Z", 5),
        ("1969-01-01T00:00:00Z", 5),
        ("yesterday", 5),
        (None, 5),
        (7, 5),
    ],
)
def test_moments_are_read_to_the_thousandth(said: Any, at_ms: int) -> None:
    document = json.dumps({"createdAt": said}).encode()
    assert published.read(CHANNEL, document, 5).at_ms == at_ms


@pytest.mark.parametrize(
    "channel", ["tesla_V", "tesla_V_", f"tesla_metrics_{{{VIN}}}", "tesla_V_{a b}"]
)
def test_a_channel_of_another_name_is_malformed(channel: str) -> None:
    with pytest.raises(Malformed, match="channel"):
        published.read(channel, b"{}", 5)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"data": 5}',
        b'{"data": [5]}',
        b'{"data": [{"key": true}]}',
        b'{"data": [{"key": "DoorState", "value": {"doorValue": 5}}]}',
        b"[" * 5000,
    ],
)
def test_other_documents_are_malformed(document: bytes) -> None:
    with pytest.raises(Malformed):
        published.read(CHANNEL, document, 5)


def test_odd_alerts_and_errors_are_read_carefully() -> None:
    alerts = b'{"alerts": [{"name": 5, "audiences": 5, "startedAt": "never"}]}'
    assert published.read(f"t_alerts_{{{VIN}}}", alerts, 5).items == [
        {"name": "", "audiences": [], "startedAt": "1970-01-01T00:00:00.000Z"}
    ]
    errors = b'{"errors": [{"tags": 5}]}'
    assert published.read(f"t_errors_{{{VIN}}}", errors, AT_MS).items == [
        {"createdAt": "2026-01-01T00:00:00.983Z", "name": "", "tags": {}, "body": ""}
    ]


@given(_JSON, st.sampled_from(["V", "alerts", "errors", "connectivity"]))
def test_any_json_is_a_record_or_malformed(document: Any, topic: str) -> None:
    try:
        record = published.read(
            f"t_{topic}_{{{VIN}}}", json.dumps(document).encode(), AT_MS
        )
    except Malformed:
        return
    assert record.vin == VIN
