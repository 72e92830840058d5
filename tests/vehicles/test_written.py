"""How streamed values are written: words, units, times, places."""

import re
from typing import Any

import pytest

from accounts.models import Units
from fleet import streamed
from fleet.records.words import ENUMS
from vehicles.streaming.labels import label_of
from vehicles.streaming.written import live_of, text_of


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("BatteryLevel", 65.6, "66 %"),
        ("Odometer", 1000.0, "1\N{NARROW NO-BREAK SPACE}609 km"),
        ("InsideTemp", 21.25, "21.3 °C"),
        ("TpmsPressureFl", 2.9, "2.9 bar"),
        ("ACChargingPower", 11.04, "11.0 kW"),
        ("HvacFanStatus", 3, "3"),
        ("GradeEstimatePercent", -0.5, "\N{MINUS SIGN}0.5"),
        ("IsolationResistance", 3000.0, "3\N{NARROW NO-BREAK SPACE}000"),
        ("BMSState", "BMSStateClearFault", "Clear fault"),
        ("DetailedChargeState", "DetailedChargeStateNoPower", "No power"),
        ("ChargePortLatch", "ChargePortLatchSNA", "Not available"),
        ("ChargingCableType", "CableTypeGB_AC", "GB AC"),
        ("Locked", False, "No"),
        ("Trim", "P74D", "P74D"),
        ("Trim", ["odd"], '["odd"]'),
        ("Trim", None, ""),
        (
            "DoorState",
            {"DriverFront": True, "TrunkRear": True},
            "Driver front, trunk rear",
        ),
        ("DoorState", {"DriverFront": False}, "All closed"),
        ("TpmsHardWarnings", {"frontLeft": False}, "None"),
        ("Location", {"latitude": 52.5, "longitude": 13.4}, "52.50000, 13.40000"),
        ("Location", {"latitude": None, "longitude": None}, "None"),
        ("ScheduledChargingStartTime", 1_790_000_000, "2026-09-21 14:13 UTC"),
        ("RouteLastUpdated", 0, "1970-01-01 00:00 UTC"),
        ("RouteLastUpdated", 10**15, "1000000000000000"),
    ],
)
def test_value_is_written_as_people_read_it(name: str, value: Any, shown: str) -> None:
    how = live_of(name, value, Units.METRIC)
    assert f"{text_of(value, how)} {how.unit}".strip() == shown


@pytest.mark.parametrize("name", ["ScheduledChargingStartTime", "Odometer", "Soc"])
@pytest.mark.parametrize("value", [1785233730007, -(10**15), 2**63, 1.7e308, -1.7e308])
def test_what_is_beyond_all_calendars_and_numbers_is_shown(
    name: str, value: float
) -> None:
    shown = text_of(value, live_of(name, value, Units.METRIC))
    assert re.search(r"\d|\N{INFINITY}", shown)


def test_words_of_an_enum_know_all_of_its_values() -> None:
    assert ENUMS["WindowStateClosed"] == {
        "WindowStateUnknown": "Unknown",
        "WindowStateClosed": "Closed",
        "WindowStatePartiallyOpen": "Partially open",
        "WindowStateOpened": "Opened",
    }


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("BatteryLevel", "Battery level"),
        ("BmsFullchargecomplete", "BMS full charge complete"),
        ("HvacACEnabled", "Climate AC enabled"),
        ("DiStatorTempREL", "Stator temperature, rear left"),
        ("DiUnheardF", "Di unheard F"),
        ("CurrentLimitMph", "Current limit"),
    ],
)
def test_label_reads_as_words(name: str, label: str) -> None:
    assert label_of(name) == label


def test_no_two_fields_have_one_label() -> None:
    names = list(streamed.fields())
    assert len({label_of(name) for name in names}) == len(names)
