"""Units: what a person reads, and who reads what."""

import pytest
from hypothesis import given, strategies as st

from accounts.models import Units
from tokens.readings import Value
from vehicles import units

METRIC, IMPERIAL = Units.METRIC, Units.IMPERIAL


@pytest.mark.parametrize(
    ("choice", "language", "expected"),
    [
        ("metric", "en-US", METRIC),
        ("imperial", "de-DE", IMPERIAL),
        ("", "en-US,en;q=0.9,de;q=0.8", IMPERIAL),
        ("", "de-DE,en-US;q=0.5", METRIC),
        ("", "en-US;q=0.1,fr-FR", METRIC),
        ("", "en-GB", METRIC),
        ("", "es-us", IMPERIAL),
        ("", "en", METRIC),
        ("", "*", METRIC),
        ("", "", METRIC),
        ("nonsense", "en-US", IMPERIAL),
    ],
)
def test_units_of_follow_choice_then_browser(
    choice: str, language: str, expected: Units
) -> None:
    assert units.units_of(choice, language) == expected


@given(st.text(max_size=2000), st.text(max_size=20))
def test_units_of_any_header_is_one_of_two(language: str, choice: str) -> None:
    assert units.units_of(choice, language) in {METRIC, IMPERIAL}


def test_quantities_are_shown_in_both_systems() -> None:
    assert units.distance("Range", 200, METRIC) == Value("Range", "322", "km")
    assert units.distance("Range", 200, IMPERIAL) == Value("Range", "200", "mi")
    assert units.distance("Odometer", 20311.5, IMPERIAL) == Value(
        "Odometer", "20\u202f312", "mi"
    )
    assert units.speed("Speed", 60, METRIC) == Value("Speed", "97", "km/h")
    assert units.speed("Speed", 60, IMPERIAL) == Value("Speed", "60", "mph")
    assert units.temperature("In", 21.04, METRIC) == Value("In", "21.0", "°C")
    assert units.temperature("In", 21, IMPERIAL) == Value("In", "70", "°F")
    assert units.pressure("Tire", 2.9, METRIC) == Value("Tire", "2.9", "bar")
    assert units.pressure("Tire", 2.9, IMPERIAL) == Value("Tire", "42", "psi")


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 2))
def test_figure_is_never_minus_zero(number: float, digits: int) -> None:
    shown = units.figure(number, digits)
    assert shown.strip("\u22120.") or not shown.startswith("\u2212")


def test_figure_has_a_true_minus() -> None:
    assert units.figure(-1234.5, 1) == "\u22121\u202f234.5"
    assert units.figure(-0.04, 1) == "0.0"
