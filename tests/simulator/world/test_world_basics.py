from itertools import pairwise

import pytest

from simulator.world import draws, weather
from simulator.world.vins import check_digit, make_vin

NOON_S = 1_781_550_000.0  # 2026-06-15 19:00 UTC, about noon in California
HALF_A_YEAR_S = 182.0 * 86_400.0


def test_draw_depends_on_names_alone() -> None:
    assert draws.draw(1, "a") == draws.draw(1, "a")
    assert draws.draw(1, "a") != draws.draw(2, "a")
    assert 0.0 <= draws.draw("anything") < 1.0


def test_draw_int_reaches_both_ends() -> None:
    assert {draws.draw_int(1, 3, "die", number) for number in range(60)} == {1, 2, 3}


def test_draw_uuid_is_version_four() -> None:
    assert draws.draw_uuid("x")[14] == "4"


def test_drift_stays_in_bounds_and_has_no_jumps() -> None:
    values = [draws.drift(600.0, 6.0 * step, "wind") for step in range(1_000)]
    assert max(map(abs, values)) <= 1.0
    steps = [abs(b - a) for a, b in pairwise(values)]
    assert max(steps) < 0.05


@pytest.mark.parametrize("vin", ["1M8GDM9AXKP042788", "5YJSA1DG9DFP14705"])
def test_check_digit_matches_known_numbers(vin: str) -> None:
    assert check_digit(vin) == vin[8]


def test_make_vin_puts_the_check_digit_in_the_ninth_place() -> None:
    vin = make_vin("5YJ3E1EA", "NF", 123)
    assert len(vin) == 17
    assert vin[8] == check_digit(vin)
    assert vin.endswith("NF000123")


def test_sun_is_higher_at_noon_and_in_summer() -> None:
    noon = weather.sun_height(37.4, -122.1, NOON_S)
    midnight = weather.sun_height(37.4, -122.1, NOON_S + 43_200.0)
    winter = weather.sun_height(37.4, -122.1, NOON_S + HALF_A_YEAR_S)
    assert noon > winter > 0.0 > midnight


def test_southern_summer_is_in_january() -> None:
    june = weather.outside_c("x", -33.0, 151.0, NOON_S)
    january = weather.outside_c("x", -33.0, 151.0, NOON_S + HALF_A_YEAR_S)
    assert january > june


def test_sunshine_lets_some_light_through() -> None:
    shares = [weather.sunshine("x", 900.0 * step) for step in range(500)]
    assert 0.2 <= min(shares) < max(shares) <= 1.0
