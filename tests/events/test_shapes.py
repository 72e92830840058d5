"""Every body is what reference clients read, in one line."""

from typing import Any

import orjson
import pytest

from events import shapes
from events.event import Event, Topic

VIN = "5YJ3E1EA4PF000001"
AT_MS = 1785233730007
AT = "2026-07-28T10:15:30.007Z"


@pytest.mark.parametrize(
    ("event", "topic", "facts"),
    [
        (shapes.state(VIN, "online", AT_MS), "state", {"state": "online"}),
        (
            shapes.data(VIN, {"Soc": 81.5, "Gear": None, "A\n": "b\nc"}, AT_MS),
            "data",
            {"data": {"Soc": 81.5, "Gear": None, "A\n": "b\nc"}},
        ),
        (
            shapes.data(VIN, {"A\ud800": "b\udfff\0", "Big": 10**30}, AT_MS),
            "data",
            {"data": {"A": "b", "Big": 1e30}},
        ),
        (shapes.data(VIN, {}, AT_MS), "data", {"data": {}}),
        (
            shapes.connectivity(VIN, "wifi", connected=True, at_ms=AT_MS),
            "connectivity",
            {"networkInterface": "wifi", "status": "CONNECTED"},
        ),
        (
            shapes.connectivity(VIN, "cellular", connected=False, at_ms=AT_MS),
            "connectivity",
            {"networkInterface": "cellular", "status": "DISCONNECTED"},
        ),
        (
            shapes.alerts(VIN, [{"name": "A"}], AT_MS),
            "alerts",
            {"alerts": [{"name": "A"}]},
        ),
        (
            shapes.errors(VIN, [{"name": "E"}], AT_MS),
            "errors",
            {"errors": [{"name": "E"}]},
        ),
        (
            shapes.vehicle_data(VIN, {"vin": VIN}, AT_MS),
            "vehicle_data",
            {"vehicle_data": {"vin": VIN}},
        ),
        (
            shapes.config(VIN, {"fields": {}}, AT_MS),
            "config",
            {"config": {"fields": {}}},
        ),
    ],
)
def test_event_of_a_car(event: Event, topic: str, facts: dict[str, Any]) -> None:
    assert (event.topic, event.product, event.at_ms) == (Topic(topic), VIN, AT_MS)
    assert orjson.loads(event.body) == {"createdAt": AT, "vin": VIN, **facts}
    assert b"\n" not in event.body


@pytest.mark.parametrize(
    ("event", "name", "facts"),
    [
        (
            shapes.live_status(12345, {"solar_power": 1}, AT_MS),
            "site_id",
            {"live_status": {"solar_power": 1}},
        ),
        (
            shapes.site_info(
                12345,
                {"site_name": "H", "tariff_content": {}, "tariff_content_v2": {}},
                AT_MS,
            ),
            "site_id",
            {"site_info": {"site_name": "H"}},
        ),
        (shapes.tariff(12345, None, AT_MS), "site_id", {"tariff_content_v2": None}),
        (
            shapes.energy_totals(12345, "2026-07-29", {"a": 1.5}, AT_MS),
            "id",
            {"date": "2026-07-29", "totals": {"a": 1.5}},
        ),
        (
            shapes.wall_connector_totals(12345, "2026-07-29", {"D": 1}, AT_MS),
            "id",
            {"date": "2026-07-29", "totals": {"D": 1}},
        ),
    ],
)
def test_event_of_a_site(event: Event, name: str, facts: dict[str, Any]) -> None:
    assert event.product == "12345"
    assert orjson.loads(event.body) == {"createdAt": AT, name: 12345, **facts}
    as_text = shapes.with_text_id(event.topic, event.body)
    assert orjson.loads(as_text) == {"createdAt": AT, name: "12345", **facts}


def test_body_of_a_car_has_no_site_id() -> None:
    event = shapes.state(VIN, "asleep", AT_MS)
    assert shapes.with_text_id(event.topic, event.body) is event.body


@pytest.mark.parametrize("fraction", [None, 0.12])
def test_credits(fraction: float | None) -> None:
    event = shapes.credits("snapshot", 0, "snapshot", 5, fraction, AT_MS)
    told: dict[str, Any] = {
        "type": "snapshot",
        "cost": 0,
        "name": "snapshot",
        "balance": 5,
    }
    if fraction is not None:
        told["quota"] = {"fraction": fraction}
    assert event.product == ""
    assert orjson.loads(event.body) == {"createdAt": AT, "credits": told}


def test_cached_body_says_so() -> None:
    event = shapes.state(VIN, "online", AT_MS)
    assert orjson.loads(shapes.cached(event.body)) == {
        "isCache": True,
        "createdAt": AT,
        "vin": VIN,
        "state": "online",
    }


def test_signals_are_found_in_a_body() -> None:
    made = shapes.data(VIN, {"Soc": 1, "Locked": True}, AT_MS)
    read = Event(Topic.DATA, VIN, made.body, AT_MS)
    signals = (("Soc", b"1"), ("Locked", b"true"))
    assert shapes.signals_of(read) == shapes.signals_of(made) == signals
    assert shapes.packed_of(read) == made.packed
    assert shapes.signals_of(shapes.data(VIN, {}, AT_MS)) == ()
    assert shapes.signals_of(shapes.state(VIN, "online", AT_MS)) == ()


def test_names_of_signals_are_forgotten_when_there_are_too_many() -> None:
    for number in range(5000):
        made = shapes.data(VIN, {f"N{number}": number}, AT_MS)
        assert shapes.signals_of(made) == ((f"N{number}", b"%d" % number),)


def test_an_event_shows_nothing_of_what_is_in_it() -> None:
    made = shapes.data(VIN, {"Place": "home"}, AT_MS)
    assert "home" not in repr(made)
    assert VIN in repr(made)
    same = Event(Topic.DATA, VIN, made.body, AT_MS)
    assert (made == same, made != same, hash(made) == hash(same)) == (True, False, True)
    assert made != ("data", VIN, made.body, AT_MS, made.packed)


def test_time_always_has_three_digits_of_a_second() -> None:
    assert shapes.timestamp(1785233730000) == "2026-07-28T10:15:30.000Z"
    assert shapes.timestamp(1785233730090) == "2026-07-28T10:15:30.090Z"
