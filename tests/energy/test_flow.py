"""The flow diagram: what stands in it, and in which direction power flows."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from energy.flow import Arm, Flow, flow
from tokens.readings import UNKNOWN

STATUS: dict[str, Any] = {
    "solar_power": 4200,
    "battery_power": -2100,
    "grid_power": -800,
    "load_power": 1300,
    "percentage_charged": 57.4,
    "timestamp": "2026-11-20T12:00:00Z",
}


def everything(status: object) -> Flow | None:
    return flow(status, has_solar=True, has_battery=True, has_grid=True)


def test_flow_of_a_sunny_day() -> None:
    assert everything(STATUS) == Flow(
        "1.3",
        Arm("Solar", "4.2", "in", "Solar gives 4.2 kW"),
        Arm(
            "Battery takes",
            "2.1",
            "out",
            "Battery charges with 2.1 kW, 57 % full",
            "57 % full",
        ),
        Arm("To grid", "0.8", "out", "0.8 kW to the grid"),
        "Home uses 1.3 kW. Solar gives 4.2 kW. Battery charges with 2.1 kW,"
        " 57 % full. 0.8 kW to the grid.",
        datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
    )


def test_flow_of_a_night() -> None:
    night = {**STATUS, "solar_power": 10, "battery_power": 900, "grid_power": 400}
    found = everything(night)
    assert found
    assert found.solar
    assert found.battery
    assert found.grid
    assert (found.solar.direction, found.battery.direction, found.grid.direction) == (
        "",
        "in",
        "in",
    )
    assert (found.battery.label, found.grid.label) == ("Battery gives", "From grid")


def test_flow_at_rest_and_unknown() -> None:
    rest = everything({"battery_power": 3, "grid_power": 0, "solar_power": 0})
    assert rest
    assert "Battery rests. Nothing to or from the grid." in rest.words
    unknown = everything({})
    assert unknown
    assert unknown.home_kw == UNKNOWN
    assert unknown.words == (
        "Home uses unknown. Solar unknown. Battery unknown. Grid unknown."
    )


def test_flow_shows_what_the_site_has() -> None:
    solar_only = flow(STATUS, has_solar=True, has_battery=False, has_grid=True)
    assert solar_only
    assert solar_only.battery is None
    assert flow({}, has_solar=False, has_battery=False, has_grid=True) is None
    assert flow(STATUS, has_solar=False, has_battery=False, has_grid=False) is None


def test_flow_of_large_powers_has_no_decimals() -> None:
    found = everything({"solar_power": 250_000})
    assert found
    assert found.solar
    assert found.solar.kw == "250"


@pytest.mark.parametrize("odd", ["", None, [], 5, {"solar_power": "much"}])
def test_flow_of_an_odd_answer_is_unknown(odd: object) -> None:
    found = everything(odd)
    assert found
    assert found.home_kw == UNKNOWN


@given(
    st.dictionaries(
        st.sampled_from(sorted(STATUS)),
        st.none() | st.floats() | st.integers() | st.text() | st.lists(st.none()),
    )
)
def test_flow_of_anything_is_shown_in_directions_that_exist(status: object) -> None:
    found = everything(status)
    assert found
    for arm in (found.solar, found.battery, found.grid):
        assert arm
        assert arm.direction in {"in", "out", ""}
        assert arm.kw
