import pytest

from simulator.world.cast.sites import SITES
from simulator.world.sites.flow import Flow, Need, flow
from simulator.world.sites.rules import Rules

HOME = SITES[0]
FULL_WH, HOURS = float(HOME.energy_wh), 0.25


def need(solar_w: float, load_w: float, *, has_grid: bool = True) -> Need:
    return Need(solar_w, load_w, 12.0, has_grid)


def test_full_battery_exports_what_is_left() -> None:
    found = flow(HOME, Rules(), need(5_000.0, 1_000.0), FULL_WH, HOURS)
    assert found == Flow(5_000.0, 1_000.0, 0.0, -4_000.0)


def test_surplus_charges_the_battery_first() -> None:
    found = flow(HOME, Rules(), need(5_000.0, 1_000.0), FULL_WH / 2, HOURS)
    assert found == Flow(5_000.0, 1_000.0, -4_000.0, 0.0)


def test_battery_gives_no_more_than_it_can() -> None:
    found = flow(HOME, Rules(), need(0.0, 14_000.0), FULL_WH, HOURS)
    assert found == Flow(0.0, 14_000.0, 10_000.0, 4_000.0)


def test_export_never_means_less_sun() -> None:
    rules = Rules(export_rule="never")
    found = flow(HOME, rules, need(5_000.0, 1_000.0), FULL_WH, HOURS)
    assert found == Flow(1_000.0, 1_000.0, 0.0, 0.0)


def test_reserve_is_kept_and_topped_up_slowly() -> None:
    low_wh = FULL_WH * 0.1
    kept = flow(HOME, Rules(), need(0.0, 800.0), low_wh, HOURS)
    assert kept == Flow(0.0, 800.0, 0.0, 800.0)
    rules = Rules(disallow_charge_from_grid=False)
    filled = flow(HOME, rules, need(0.0, 800.0), low_wh, HOURS)
    assert filled == Flow(0.0, 800.0, -1_700.0, 2_500.0)


@pytest.mark.parametrize(
    ("charge_wh", "solar_w", "expected"),
    [
        (FULL_WH, 0.0, Flow(0.0, 800.0, 800.0, 0.0)),
        (FULL_WH, 2_000.0, Flow(800.0, 800.0, 0.0, 0.0)),
        (0.0, 300.0, Flow(300.0, 300.0, 0.0, 0.0)),
    ],
)
def test_off_grid_the_site_lives_on_its_own(
    charge_wh: float, solar_w: float, expected: Flow
) -> None:
    asked = need(solar_w, 800.0, has_grid=False)
    assert flow(HOME, Rules(), asked, charge_wh, HOURS) == expected
