from collections.abc import Sequence

import pytest

from telemetry.receiver.identity import NoCar, vin_of
from tests.telemetry.cars import VIN, TestTesla, der

VEHICLE = "1.3.6.1.4.1.49279.2.5.1"
CLIENT = "1.3.6.1.5.5.7.3.2"


@pytest.mark.parametrize(
    "issuer", ["TeslaMotors", "Tesla Issuing CA", "Tesla Motors Products CA"]
)
def test_issuers_of_vehicles_need_no_usage(issuer: str) -> None:
    assert vin_of(der(TestTesla(issuer).car())) == VIN


@pytest.mark.parametrize("usage", [VEHICLE, "1.3.6.1.4.1.49279.2.4.1"])
def test_issuers_of_all_devices_need_the_usage_of_vehicles(usage: str) -> None:
    tesla = TestTesla("Tesla Motors GF Berlin Product Issuing CA")
    assert vin_of(der(tesla.car(usages=[CLIENT, usage]))) == VIN


@pytest.mark.parametrize(
    ("usages", "units"),
    [
        ((), ()),
        ((CLIENT,), ()),
        ((CLIENT, "1.3.6.1.4.1.49279.2.5.2"), ()),
        ((VEHICLE, "1.3.6.1.4.1.49279.2.5.1.1"), ()),
        ((VEHICLE,), ("Solar Inverter",)),
    ],
)
def test_other_devices_are_no_cars(usages: Sequence[str], units: Sequence[str]) -> None:
    tesla = TestTesla("Tesla Product Access Issuing CA")
    with pytest.raises(NoCar, match=r"purpose|device"):
        vin_of(der(tesla.car(usages=usages, units=units)))


def test_a_board_is_no_car() -> None:
    tesla = TestTesla("Tesla Motors Products CA")
    with pytest.raises(NoCar, match="board"):
        vin_of(der(tesla.car(units=["Tesla Motors SN"])))


@pytest.mark.parametrize("issuer", ["Somebody Else", "tesla issuing ca", ""])
def test_an_unknown_issuer_is_no_tesla(issuer: str) -> None:
    if not issuer:
        with pytest.raises(NoCar, match="unreadable"):
            vin_of(b"")
        return
    with pytest.raises(NoCar, match="unknown"):
        vin_of(der(TestTesla(issuer).car()))


@pytest.mark.parametrize("name", ["Powerwall", "5YJ3E1EA4PF00000", "5YJ3.E1EA4PF00001"])
def test_a_name_that_is_no_vin_is_no_car(name: str) -> None:
    with pytest.raises(NoCar, match="no VIN"):
        vin_of(der(TestTesla().car(name)))
