"""Live Status and Site Info as a person reads them."""

from typing import Any

from hypothesis import given, strategies as st

from energy.models import EnergySite
from energy.summary import connectors, info, live
from tokens.readings import NOT_SENT, UNKNOWN, Group, Value

HOME = EnergySite(
    has_grid=True, has_battery=True, has_solar=True, wall_connector_count=2
)
GARAGE = EnergySite(wall_connector_count=2)
STATUS: dict[str, Any] = {
    "solar_power": 4200,
    "load_power": 1300,
    "battery_power": -2100,
    "grid_power": -800,
    "percentage_charged": 57.4,
    "energy_left": 15400,
    "total_pack_energy": 27000,
    "storm_mode_active": False,
    "island_status": "on_grid",
    "generator_power": 0,
    "wall_connectors": [
        {
            "din": "1529455-02-D--PGT1",
            "wall_connector_state": 1,
            "wall_connector_power": 7200,
            "vin": "5YJ3E1EA4PF000001",
        },
        {"wall_connector_state": 4},
        {"wall_connector_state": None, "din": "x"},
        "odd",
    ],
}


def shown(group: Group) -> dict[str, str]:
    return {value.label: f"{value.text} {value.unit}".strip() for value in group.values}


def test_live_shows_what_the_site_has() -> None:
    assert shown(live(STATUS, HOME)) == {
        "Solar": "4.2 kW",
        "Home": "1.3 kW",
        "Battery charges": "2.1 kW",
        "Charge": "57 %",
        "Energy left": "15.4 kWh",
        "Capacity": "27.0 kWh",
        "Storm Watch active": "No",
        "To grid": "0.8 kW",
        "Island status": "On grid",
    }
    assert shown(live({"wall_connectors": []}, GARAGE)) == {}


def test_live_names_directions_and_a_generator() -> None:
    night = shown(
        live({"battery_power": 900, "grid_power": 600, "generator_power": 500}, HOME)
    )
    assert night["Battery gives"] == "0.9 kW"
    assert night["From grid"] == "0.6 kW"
    assert night["Generator"] == "0.5 kW"
    assert shown(live({"grid_power": 0}, GARAGE)) == {"Grid": "0.0 kW"}


def test_live_names_why_a_value_is_unknown() -> None:
    for value in live("", HOME).values:
        assert (value.text, value.reason) == (UNKNOWN, NOT_SENT)


def test_connectors_are_named_with_state_and_power() -> None:
    found = connectors(STATUS)
    assert [one.name for one in found] == [
        "Wall Connector PGT1",
        "Wall Connector 2",
        "Wall Connector x",
    ]
    assert [one.state for one in found] == ["Charging", "Plugged in", UNKNOWN]
    assert found[0].power == Value("Power", "7.2", "kW")
    assert found[0].vin == "5YJ3E1EA4PF000001"


def test_connectors_say_a_code_that_nobody_knows() -> None:
    codes = [{"wall_connector_state": code} for code in (0, 2, 77)]
    found = connectors({"wall_connectors": codes})
    said = ["Starting up", "Nothing plugged in", "Tesla's code 77"]
    assert [one.state for one in found] == said


def test_info_shows_installation_and_settings() -> None:
    answer = {
        "installation_date": "2022-06-01T10:00:00-08:00",
        "installation_time_zone": "America/Los_Angeles",
        "version": "23.44.0",
        "battery_count": 2,
        "nameplate_power": 10000,
        "nameplate_energy": 27000,
        "backup_reserve_percent": 20,
        "default_real_mode": "self_consumption",
        "user_settings": {"storm_mode_enabled": True},
        "components": {
            "solar": True,
            "battery": True,
            "wall_connectors": [{}, {}],
            "customer_preferred_export_rule": "battery_ok",
            "disallow_charge_from_grid_with_solar_installed": True,
        },
    }
    installation, settings = info(answer)
    assert shown(installation) == {
        "Installed": "2022-06-01",
        "Time zone": "America/Los Angeles",
        "Gateway version": "23.44.0",
        "Solar": "Yes",
        "Battery": "Yes",
        "Wall Connectors": "2",
        "Powerwalls": "2",
        "Rated power": "10.0 kW",
        "Rated energy": "27.0 kWh",
    }
    assert shown(settings) == {
        "Backup reserve": "20 %",
        "Operating mode": "Self-powered",
        "Storm Watch": "On",
        "Energy export": "Solar and battery",
        "Charging from grid": "Not allowed",
    }


def test_info_takes_absent_settings_for_teslas_defaults() -> None:
    _, settings = info({"components": {"battery": True}})
    assert shown(settings) == {
        "Backup reserve": UNKNOWN,
        "Operating mode": UNKNOWN,
        "Storm Watch": UNKNOWN,
        "Energy export": "Never",
        "Charging from grid": "Allowed",
    }
    assert len(info("")) == 1


@given(
    st.dictionaries(
        st.sampled_from(
            ["wall_connectors", "components", "user_settings", *STATUS, "version"]
        ),
        st.none()
        | st.floats()
        | st.integers()
        | st.text()
        | st.lists(st.dictionaries(st.sampled_from(["din", "vin"]), st.text())),
    )
)
def test_anything_at_all_is_shown(answer: object) -> None:
    groups = [live(answer, HOME), live(answer, GARAGE), *info(answer)]
    for group in groups:
        for value in group.values:
            assert value.is_known or value.reason
    for connector in connectors(answer):
        assert connector.name
