"""What was streamed, put over a reading; and how a page writes it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Units
from events.latest import Latest
from fleet.streamed import fields
from tokens.readings import Document, Live, Value
from vehicles import live, streamed
from vehicles.groups import body, cabin, power, road
from vehicles.streamed import Overlaid, overlaid
from vehicles.summary import summary

READ_AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
WINDOWS = ("fd_window", "fp_window", "rd_window", "rp_window")
READ_MS = int(READ_AT.timestamp() * 1000)


def signals(at_ms: int = READ_MS + 1000, **values: Any) -> dict[str, Latest]:
    return {
        name: Latest(at_ms, json.dumps(value).encode(), 1)
        for name, value in values.items()
    }


@pytest.mark.parametrize(
    ("signal", "value", "group", "key", "shown"),
    [
        ("BatteryLevel", 63.4, "charge_state", "battery_level", 63.4),
        ("Soc", None, "charge_state", "usable_battery_level", None),
        (
            "DetailedChargeState",
            "DetailedChargeStateCharging",
            "charge_state",
            "charging_state",
            "Charging",
        ),
        ("TimeToFullCharge", 1.5, "charge_state", "minutes_to_full_charge", 90),
        ("Locked", True, "vehicle_state", "locked", True),
        ("SentryMode", "SentryModeStateOff", "vehicle_state", "sentry_mode", False),
        ("SentryMode", "SentryModeStateArmed", "vehicle_state", "sentry_mode", True),
        ("SentryMode", "SentryModeStateUnknown", "vehicle_state", "sentry_mode", None),
        (
            "ClimateKeeperMode",
            "ClimateKeeperModeStateUnknown",
            "climate_state",
            "climate_keeper_mode",
            None,
        ),
        ("FdWindow", "WindowStateOpened", "vehicle_state", "fd_window", 2),
        ("FdWindow", "WindowStateUnknown", "vehicle_state", "fd_window", None),
        ("HvacPower", "HvacPowerStateOn", "climate_state", "is_climate_on", True),
        (
            "ClimateKeeperMode",
            "ClimateKeeperModeStateDog",
            "climate_state",
            "climate_keeper_mode",
            "dog",
        ),
        ("Gear", "ShiftStateD", "drive_state", "shift_state", "D"),
        ("DoorState", None, "vehicle_state", "rt", None),
        ("Location", None, "drive_state", "longitude", None),
        ("DoorState", {"TrunkRear": True, "DriverRear": 5}, "vehicle_state", "rt", 1),
        (
            "Location",
            {"latitude": 1.5, "longitude": 2.5},
            "drive_state",
            "longitude",
            2.5,
        ),
    ],
)
def test_signal_stands_where_the_reading_has_it(
    signal: str, value: Any, group: str, key: str, shown: Any
) -> None:
    found = overlaid(
        {"charge_state": 5}, READ_AT, signals(**{signal: value}), sees_location=True
    )
    assert found.document[group][key] == shown
    assert set(found.at) == {signal}


def test_older_and_unknown_signals_change_nothing() -> None:
    reading = {"charge_state": {"battery_level": 50}}
    known = signals(READ_MS - 1, BatteryLevel=40) | signals(
        Unheard=1, TimeToFullCharge="soon"
    )
    found = overlaid(reading, READ_AT, known, sees_location=True)
    assert (found.document["charge_state"]["battery_level"], found.at) == (50, {})
    assert reading == {"charge_state": {"battery_level": 50}}


@pytest.mark.parametrize("ms", [{"AC": 1, "DC": 2}, {"AC": 2, "DC": 1}])
def test_power_is_that_of_the_socket_that_has_some(ms: dict[str, int]) -> None:
    told = {
        **signals(READ_MS + ms["AC"], ACChargingPower=11.0),
        **signals(READ_MS + ms["DC"], DCChargingPower=0.0),
    }
    newest = overlaid({"charge_state": {}}, READ_AT, told, sees_location=True)
    assert newest.document["charge_state"]["charger_power"] == 11
    alone = signals(ACChargingPower=None, DCChargingPower=0)
    newest = overlaid({}, READ_AT, alone, sees_location=True)
    assert newest.document["charge_state"]["charger_power"] == 0
    unknown = overlaid({}, READ_AT, signals(ACChargingPower=None), sees_location=True)
    assert unknown.document["charge_state"]["charger_power"] is None


def test_place_needs_the_right_to_see_it() -> None:
    known = signals(Location={"latitude": 1.0, "longitude": 2.0}, GpsHeading=9)
    reading = {"location_data": {"latitude": 3.0, "longitude": 4.0}}
    hidden = overlaid(reading, READ_AT, known, sees_location=False)
    assert (hidden.document, hidden.at) == ({}, {})
    shown = overlaid(reading, READ_AT, known, sees_location=True)
    assert "location_data" not in shown.document


def test_car_that_was_never_read_is_known_by_its_stream() -> None:
    assert overlaid(None, None, {}, sees_location=True).is_known is False
    assert overlaid({}, READ_AT, {}, sees_location=True).is_known is True
    found = overlaid(None, None, signals(BatteryLevel=5), sees_location=True)
    assert (found.is_known, found.document) == (
        True,
        {"charge_state": {"battery_level": 5}},
    )


def test_every_signal_of_a_page_is_one_that_cars_have() -> None:
    pages = {live_.live.signal for live_ in marked_values() if live_.live}
    known = pages | set(live.REFRESHING.split()) | set(streamed._PLACES)  # noqa: SLF001
    assert known - fields().keys() == set()


def marked_values(units: Units = Units.METRIC) -> list[Any]:
    document = {
        "charge_state": {"charging_state": "Charging"},
        "drive_state": {"latitude": 1.0, "longitude": 2.0},
    }
    groups = summary(document, units)
    return [
        one
        for group in live.marked(groups, units, Overlaid({}))
        for one in group.values
    ]


def test_every_live_value_is_on_the_page() -> None:
    assert {one.live.signal for one in marked_values() if one.live} == {
        signal
        for signal, _ in live._LIVE.values()  # noqa: SLF001
    }


def test_every_value_that_is_read_anew_is_on_the_page() -> None:
    document = {"charge_state": {"charging_state": "Charging"}}
    groups = summary(document, Units.METRIC)
    labels = {(group.title, one.label) for group in groups for one in group.values}
    assert live._WHOLE.keys() - labels == set()  # noqa: SLF001


def windows_of(known: dict[str, Latest], *, is_read: bool = True) -> Value:
    """Return how a page shows the windows."""
    reading = {"vehicle_state": dict.fromkeys(WINDOWS, 0)} if is_read else None
    newest = overlaid(reading, READ_AT, known, sees_location=True)
    groups = live.marked(summary(newest.document, Units.METRIC), Units.METRIC, newest)
    values = [one for group in groups for one in group.values]
    return next(one for one in values if one.label == "Windows")


def test_value_of_many_signals_is_streamed_once_all_are() -> None:
    one = signals(FdWindow="WindowStateOpened")
    others = dict.fromkeys(("FpWindow", "RdWindow", "RpWindow"), "WindowStateClosed")
    shown = windows_of(one)
    assert (shown.text, shown.streamed_at) == ("Open: driver's", None)
    shown = windows_of(one | signals(READ_MS + 5000, **others))
    assert shown.streamed_at == READ_AT + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("known", "is_read", "reason"),
    [
        ({"Soc": 5}, False, "Neither streamed nor read yet."),
        ({"FdWindow": None}, True, "Tesla did not send this value."),
        (
            dict.fromkeys(("FdWindow", "FpWindow", "RdWindow", "RpWindow")),
            True,
            "The car has no value for this now.",
        ),
    ],
)
def test_value_that_is_unknown_says_why(
    known: dict[str, Any], reason: str, *, is_read: bool
) -> None:
    shown = windows_of(signals(**known), is_read=is_read)
    assert (shown.is_known, shown.reason) == (False, reason)


@pytest.mark.parametrize("units", [Units.METRIC, Units.IMPERIAL])
def test_numbers_are_written_as_the_server_does(units: Units) -> None:
    document = Document(
        {
            "charge_state": {
                "battery_level": 63,
                "battery_range": 100.6,
                "charging_state": "Charging",
                "charge_rate": 20.0,
            },
            "climate_state": {"inside_temp": 21.3},
            "vehicle_state": {"tpms_pressure_fl": 2.85, "odometer": 21407.4},
            "drive_state": {"speed": 65},
        }
    )
    groups = (
        power.battery(document, units),
        power.charging(document, units),
        cabin.cabin(document, units),
        road.drive(document, units),
        road.tires(document, units),
    )
    raw = {
        "BatteryLevel": 63,
        "RatedRange": 100.6,
        "ChargeRateMilePerHour": 20.0,
        "InsideTemp": 21.3,
        "TpmsPressureFl": 2.85,
        "Odometer": 21407.4,
        "VehicleSpeed": 65,
    }
    seen = set()
    for group in live.marked(groups, units, Overlaid({})):
        for value in group.values:
            if value.live and value.live.signal in raw:
                form: Live = value.live
                number = raw[form.signal] * form.scale + form.offset
                assert (
                    f"{number:,.{form.digits}f}".replace(
                        ",", "\N{NARROW NO-BREAK SPACE}"
                    )
                    == value.text
                )
                assert form.unit == value.unit
                seen.add(form.signal)
    assert seen == set(raw)


@pytest.mark.parametrize(
    "value", [1.7e308, -1.7e308, 2**63, -(2**63), "1e400", "x", [1]]
)
def test_page_shows_a_car_whatever_it_streams(value: Any) -> None:
    names = fields()
    found = overlaid(
        {}, None, signals(**dict.fromkeys(names, value)), sees_location=True
    )
    for units in (Units.METRIC, Units.IMPERIAL):
        assert summary(found.document, units, why_no_place="")


def test_words_are_those_of_the_server() -> None:
    document = Document(
        {"vehicle_state": {"locked": False}, "drive_state": {"shift_state": "R"}}
    )
    groups = (body.body(document), road.drive(document, Units.METRIC))
    found = {
        value.live.signal: json.loads(value.live.words)
        for group in live.marked(groups, Units.METRIC, Overlaid({}))
        for value in group.values
        if value.live and value.live.form == "word"
    }
    assert found["Locked"]["false"] == "Unlocked"
    assert found["Gear"]["ShiftStateR"] == "Reverse"
