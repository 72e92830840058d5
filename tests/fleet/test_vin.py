"""Vehicle identification numbers: shape, model, year."""

import pytest

from fleet.vin import is_vin, model_of, year_of
from simulator.testing import RunningSimulator

VIN = "5YJ3E1EA0LF000001"


@pytest.mark.parametrize(
    "text",
    [
        "",
        VIN[:-1],
        f"{VIN}1",
        VIN.lower(),
        VIN.replace("L", "I"),
        VIN.replace("L", "O"),
        VIN.replace("L", "Q"),
        f"{VIN[:-1]}\n",
        f"{VIN}\n",
        f"{VIN[:-1]}٣",
    ],
)
def test_is_vin_refuses_other_texts(text: str) -> None:
    assert not is_vin(text)
    assert model_of(text) == "Tesla"
    assert year_of(text) is None


@pytest.mark.parametrize(
    ("letter", "model"),
    [
        ("S", "Model S"),
        ("3", "Model 3"),
        ("X", "Model X"),
        ("Y", "Model Y"),
        ("C", "Cybertruck"),
        ("T", "Semi"),
        ("R", "Roadster"),
        ("9", "Tesla"),
    ],
)
def test_model_of_reads_the_fourth_sign(letter: str, model: str) -> None:
    assert model_of(f"5YJ{letter}E1EA0LF000001") == model


@pytest.mark.parametrize(
    ("code", "year"), [("8", 2008), ("A", 2010), ("L", 2020), ("T", 2026), ("0", None)]
)
def test_year_of_reads_the_tenth_sign(code: str, year: int | None) -> None:
    assert year_of(f"5YJ3E1EA0{code}F000001") == year


def test_every_simulated_car_has_a_model_and_a_year(tesla: RunningSimulator) -> None:
    assert {is_vin(vin) for vin in tesla.world.cars} == {True}
    assert "Tesla" not in {model_of(vin) for vin in tesla.world.cars}
    assert None not in {year_of(vin) for vin in tesla.world.cars}
