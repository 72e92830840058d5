"""The summary of vehicle data: what a person reads, whatever Tesla sends."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, strategies as st

from accounts.models import Units
from tokens.readings import NOT_SENT, UNKNOWN, Group, Value
from vehicles.summary import shown_json, summary

AT_MS = 1_763_683_200_000
AT = datetime(2025, 11, 21, 0, 0, tzinfo=UTC)
READING: dict[str, Any] = {
    "charge_state": {
        "timestamp": AT_MS,
        "battery_level": 64,
        "usable_battery_level": 63,
        "battery_range": 198.0,
        "est_battery_range": 180.4,
        "charge_limit_soc": 80,
        "charging_state": "Charging",
        "charger_power": 11,
        "charger_actual_current": 46,
        "charge_current_request_max": 48,
        "charger_voltage": 241,
        "charge_rate": 40.0,
        "minutes_to_full_charge": 95,
        "charge_energy_added": 9.63,
        "conn_charge_cable": "IEC",
        "charge_port_door_open": True,
    },
    "climate_state": {
        "timestamp": AT_MS,
        "inside_temp": 18.5,
        "outside_temp": -3,
        "driver_temp_setting": 21.0,
        "passenger_temp_setting": 20.5,
        "is_climate_on": False,
        "is_preconditioning": True,
        "climate_keeper_mode": "dog",
        "cabin_overheat_protection": "FanOnly",
        "defrost_mode": 2,
    },
    "drive_state": {
        "timestamp": AT_MS,
        "gps_as_of": AT_MS // 1000,
        "shift_state": "D",
        "speed": 30,
        "power": -4,
        "latitude": 37.5,
        "longitude": -122.25,
        "heading": 270,
    },
    "vehicle_state": {
        "timestamp": AT_MS,
        "odometer": 12345.6,
        "locked": False,
        "df": 1,
        "dr": 0,
        "pf": 0,
        "pr": 1,
        "ft": 0,
        "rt": 1,
        "fd_window": 0,
        "fp_window": 0,
        "rd_window": 0,
        "rp_window": 0,
        "sentry_mode": True,
        "is_user_present": False,
        "car_version": "2026.38.2 abc123",
        "software_update": {"status": "available", "version": "2026.40.1"},
        "tpms_pressure_fl": 2.9,
        "tpms_pressure_fr": 2.4,
        "tpms_soft_warning_fr": True,
        "tpms_pressure_rl": None,
        "tpms_pressure_rr": 2.8,
    },
}


def shown(groups: tuple[Group, ...]) -> dict[str, dict[str, str]]:
    return {
        group.title: {
            value.label: f"{value.text} {value.unit}".strip() for value in group.values
        }
        for group in groups
    }


def test_summary_reads_every_group_in_metric() -> None:
    assert shown(summary(READING, Units.METRIC)) == {
        "Battery and range": {
            "Battery": "64 %",
            "Usable": "63 %",
            "Range": "319 km",
            "Estimated range": "290 km",
            "Charge limit": "80 %",
        },
        "Charging": {
            "Charging": "Charging",
            "Power": "11 kW",
            "Current": "46 A of 48",
            "Voltage": "241 V",
            "Rate": "64 km/h",
            "Time to limit": "1 h 35 min",
            "Added last": "9.6 kWh",
            "Cable": "IEC",
        },
        "Locks, doors, windows": {
            "Locks": "Unlocked",
            "Doors": "Open: driver's, rear, passenger's side",
            "Windows": "Closed",
            "Front trunk": "Closed",
            "Trunk": "Open",
            "Charge port": "Open",
            "Sentry mode": "On",
            "Somebody inside": "No",
        },
        "Climate": {
            "Inside": "18.5 °C",
            "Outside": "\u22123.0 °C",
            "Climate": "Off",
            "Driver's setting": "21.0 °C",
            "Passenger's setting": "20.5 °C",
            "Preconditioning": "Active",
            "Climate keeper": "Dog",
            "Overheat protection": "Fan only",
            "Defrost": "On",
        },
        "Driving": {
            "Odometer": "19\u202f868 km",
            "Speed": "48 km/h",
            "Gear": "Drive",
            "Power": "\u22124 kW",
        },
        "Tires": {
            "Front left": "2.9 bar",
            "Front right": "2.4 bar, low",
            "Rear left": UNKNOWN,
            "Rear right": "2.8 bar",
        },
        "Location": {"Position": "37.50000, -122.25000", "Heading": "270 °"},
        "Software": {"Version": "2026.38.2", "Update": "Available: 2026.40.1"},
    }


def test_summary_reads_imperial_units() -> None:
    groups = shown(summary(READING, Units.IMPERIAL))
    assert groups["Battery and range"]["Range"] == "198 mi"
    assert groups["Charging"]["Rate"] == "40 mph"
    assert groups["Climate"]["Inside"] == "65 °F"
    assert groups["Tires"]["Front right"] == "35 psi, low"
    assert groups["Driving"]["Odometer"] == "12\u202f346 mi"


def test_summary_groups_carry_the_moment_they_were_measured() -> None:
    assert {group.at for group in summary(READING, Units.METRIC)} == {AT}


def test_summary_of_a_parked_car_that_does_not_charge() -> None:
    parked = {
        "charge_state": {"charging_state": "Disconnected", "charge_energy_added": 0},
        "drive_state": {"shift_state": None, "speed": None, "power": None},
        "vehicle_state": {"software_update": {"status": ""}},
    }
    groups = shown(summary(parked, Units.METRIC))
    assert groups["Driving"]["Gear"] == "Park"
    assert groups["Driving"]["Speed"] == "0 km/h"
    assert groups["Charging"] == {
        "Charging": "Not plugged in",
        "Added last": "0.0 kWh",
        "Cable": UNKNOWN,
    }
    assert groups["Software"] == {"Version": UNKNOWN, "Update": "Up to date"}


def test_summary_names_why_a_value_is_unknown() -> None:
    groups = summary({}, Units.METRIC, why_no_place="Not granted.")
    unknown = [value for group in groups for value in group.values]
    assert {value.text for value in unknown} == {UNKNOWN}
    assert all(value.reason for value in unknown)
    place = next(group for group in groups if group.title == "Location")
    assert place.values == (Value("Position", reason="Not granted."),)
    assert Value("Locks", reason=NOT_SENT) in unknown


def test_summary_of_a_charge_that_has_just_begun_knows_little() -> None:
    starting = {
        "charge_state": {"charging_state": "Starting", "minutes_to_full_charge": 0}
    }
    groups = shown(summary(starting, Units.METRIC))
    assert groups["Charging"]["Time to limit"] == UNKNOWN
    assert groups["Charging"]["Rate"] == UNKNOWN
    assert groups["Charging"]["Power"] == UNKNOWN


def test_summary_shows_minutes_alone_under_an_hour() -> None:
    charging = {
        "charge_state": {"charging_state": "Charging", "minutes_to_full_charge": 20}
    }
    assert shown(summary(charging, Units.METRIC))["Charging"]["Time to limit"] == (
        "20 min"
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                sorted({key for group in READING.values() for key in group})
            ),
            inner,
            max_size=8,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from([*READING, "location_data"]), JSON) | JSON)
def test_summary_of_anything_at_all_shows_text(reading: object) -> None:
    for group in summary(reading, Units.METRIC):
        assert group.values
        for value in group.values:
            assert value.is_known or value.reason


def test_shown_json_blanks_the_records_own_secrets() -> None:
    assert shown_json(
        {"vin": "x", "tokens": ["a", "b"], "backseat_token": None, "cached_data": "b"}
    ) == {
        "vin": "x",
        "tokens": "not shown",
        "backseat_token": None,
        "cached_data": "not shown",
    }
