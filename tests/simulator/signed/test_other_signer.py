"""The signer of an independent library commands the running simulator."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from tesla_fleet_api.exceptions import (
    NotOnWhitelistFault,
    TeslaFleetMessageFaultRemoteAccessDisabled,
    VehicleOffline,
)
from tesla_fleet_api.tesla.fleet import TeslaFleetApi
from tesla_fleet_api.tesla.vehicle.signed import VehicleSigned

from simulator.testing import DOMAIN
from simulator.world.cars.car import Car
from tests.simulator.doors import KEY_HEX, PRIVATE_KEY, Doors

BOB = "bob@example.com"
Vehicle = VehicleSigned[TeslaFleetApi]
Told = Callable[[Vehicle], Awaitable[Any]]


def _tell(doors: Doors, car: Car, *told: Told) -> list[Any]:
    """Have one session of the library tell a car of Bob's several things."""
    token, server = doors.token(BOB), f"{doors.sim.url}/eu"

    async def run() -> list[Any]:
        async with aiohttp.ClientSession() as session:
            api = TeslaFleetApi(session, access_token=token, server=server)
            api.private_key = PRIVATE_KEY
            vehicle = VehicleSigned(api, car.vin)
            return [(await one(vehicle))["response"] for one in told]

    return asyncio.run(run())


@pytest.fixture
def charger(registered: Doors) -> Car:
    """Return a car of Bob's that charges and knows the key."""
    car = registered.car("Charger")
    car.pair(KEY_HEX, DOMAIN)
    registered.sim.hub.switches.rate_limits = False
    return car


DONE = {"result": True, "reason": ""}


def test_library_locks_and_unlocks(registered: Doors, charger: Car) -> None:
    assert _tell(registered, charger, lambda it: it.door_unlock()) == [DONE]
    assert not charger.condition.body.locked
    assert _tell(registered, charger, lambda it: it.door_lock()) == [DONE]
    assert charger.condition.body.locked


def test_library_stops_and_starts_charging(registered: Doors, charger: Car) -> None:
    assert _tell(registered, charger, lambda it: it.charge_stop()) == [DONE]
    assert charger.moment().charging_state == "Stopped"
    found = _tell(
        registered, charger, lambda it: it.charge_start(), lambda it: it.charge_start()
    )
    assert found == [DONE, {"result": False, "reason": "is_charging"}]
    assert charger.moment().charging_state == "Charging"


def test_library_sets_what_the_car_then_shows(registered: Doors, charger: Car) -> None:
    found = _tell(
        registered,
        charger,
        lambda it: it.set_charge_limit(90),
        lambda it: it.set_charging_amps(10),
        lambda it: it.auto_conditioning_start(),
        lambda it: it.set_temps(22.5, 19.5),
        lambda it: it.remote_seat_heater_request(0, 3),
        lambda it: it.set_sentry_mode(True),
        lambda it: it.actuate_trunk("rear"),
        lambda it: it.window_control("vent"),
        lambda it: it.flash_lights(),
        lambda it: it.honk_horn(),
    )
    assert found == [DONE] * 10
    data = charger.vehicle_data(
        registered.sim.world.persons[BOB], set(), with_location=False
    )
    charge, climate = data["charge_state"], data["climate_state"]
    assert (charge["charge_limit_soc"], charge["charge_amps"]) == (90, 10)
    assert (climate["driver_temp_setting"], climate["passenger_temp_setting"]) == (
        *(22.5, 19.5),
    )
    assert (climate["is_climate_on"], climate["seat_heater_left"]) == (True, 3)
    body = data["vehicle_state"]
    assert (body["sentry_mode"], body["rt"], body["fd_window"]) == (True, 1, 1)


def test_library_catches_up_after_a_reboot(registered: Doors, charger: Car) -> None:
    async def reboot(vehicle: Vehicle) -> Any:
        registered.admin("POST", f"cars/{charger.vin}", {"reboot": True})
        return await vehicle.honk_horn()

    assert _tell(registered, charger, lambda it: it.honk_horn(), reboot) == [DONE] * 2


def test_library_understands_what_is_in_its_way(
    registered: Doors, charger: Car
) -> None:
    charger.condition.mobile_access = False
    with pytest.raises(TeslaFleetMessageFaultRemoteAccessDisabled):
        _tell(registered, charger, lambda it: it.honk_horn())
    charger.unpair(KEY_HEX)
    with pytest.raises(NotOnWhitelistFault):
        _tell(registered, charger, lambda it: it.honk_horn())
    registered.put("Nimbus", "offline")
    with pytest.raises(VehicleOffline):
        _tell(registered, registered.car("Nimbus"), lambda it: it.honk_horn())
