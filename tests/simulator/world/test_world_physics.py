import pytest

from simulator.clock import Clock
from simulator.world import World
from simulator.world.cars.battery import Curve
from simulator.world.persons import Person
from tests.simulator.world.moments import ALL, DAY_S, HOUR_S, MINUTE_S, START_AT, charge


def test_charger_charges_to_its_limit_and_sleeps(
    world: World, clock: Clock, bob: Person
) -> None:
    car = world.car_named("Charger")
    first = charge(car, bob)
    assert first["charging_state"] == "Charging"
    assert (first["charger_voltage"], first["charger_phases"]) == (230, 3)
    assert (first["charger_actual_current"], first["charger_power"]) == (16, 11)
    clock.advance((first["minutes_to_full_charge"] - 5) * MINUTE_S)
    assert charge(car, bob)["charging_state"] == "Charging"
    clock.advance(6 * MINUTE_S)
    last = charge(car, bob)
    assert (last["charging_state"], last["battery_level"]) == ("Complete", 80)
    assert last["minutes_to_full_charge"] == last["charger_power"] == 0
    gained = last["energy_remaining"] - first["energy_remaining"]
    added = last["charge_energy_added"] - first["charge_energy_added"]
    assert gained == pytest.approx(added, abs=0.02)
    clock.advance(11 * MINUTE_S)
    assert car.state == "asleep"


def test_stopped_charging_keeps_the_level(
    world: World, clock: Clock, bob: Person
) -> None:
    car = world.car_named("Charger")
    clock.advance(600.0)
    car.settle()
    car.stir()
    car.condition.charging.enabled = False
    level = charge(car, bob)["energy_remaining"]
    clock.advance(600.0)
    assert charge(car, bob)["charging_state"] == "Stopped"
    assert charge(car, bob)["energy_remaining"] == level


def test_starting_lasts_a_few_seconds(
    world: World, clock: Clock, alice: Person
) -> None:
    luna = world.car_named("Luna")
    clock.advance(DAY_S + 2.0)
    assert charge(luna, alice)["charging_state"] == "Starting"
    clock.advance(10.0)
    assert charge(luna, alice)["charging_state"] == "Charging"


def test_physics_do_not_depend_on_how_often_one_asks(bob: Person) -> None:
    often, once = World(7, Clock(START_AT)), World(7, Clock(START_AT))
    for _ in range(200):
        often.clock.advance(937.0)
        for car in often.cars.values():
            car.moment()
            car.settle()
    once.clock.advance(200 * 937.0)
    for vin, car in often.cars.items():
        here, there = car.moment().anchor, once.cars[vin].moment().anchor
        assert here.energy_kwh == pytest.approx(there.energy_kwh, abs=1e-6)
        assert here.added_kwh == pytest.approx(there.added_kwh, abs=1e-6)
        assert here.inside_c == pytest.approx(there.inside_c, abs=1e-6)


def test_driving_car_moves(world: World, clock: Clock, bob: Person) -> None:
    blitz = world.car_named("Blitz")
    groups = {"drive_state", "vehicle_state", "location_data"}
    seen = []
    for _ in range(10):
        seen.append(blitz.vehicle_data(bob, groups, with_location=True))
        clock.advance(30.0)
    drives = [one["drive_state"] for one in seen]
    assert {drive["shift_state"] for drive in drives} == {"D"}
    assert all(0 < drive["speed"] < 90 for drive in drives)
    assert len({(drive["latitude"], drive["longitude"]) for drive in drives}) == 10
    left = [drive["active_route_miles_to_arrival"] for drive in drives]
    assert left == sorted(left, reverse=True)
    odometers = [one["vehicle_state"]["odometer"] for one in seen]
    driven = odometers[-1] - odometers[0]
    assert driven == pytest.approx(left[0] - left[-1], abs=1e-5)
    assert seen[0]["vehicle_state"]["media_info"]["media_playback_status"] == "Playing"


def test_driving_car_never_sleeps_and_fast_charges(
    world: World, clock: Clock, bob: Person
) -> None:
    blitz = world.car_named("Blitz")
    states, types = set(), set()
    for _ in range(240):
        clock.advance(MINUTE_S)
        states.add(blitz.state)
        types.add(charge(blitz, bob)["fast_charger_type"])
    assert states == {"online"}
    assert types == {"<invalid>", "Combo"}
    assert charge(blitz, bob)["battery_level"] > 70


def test_cabin_reaches_the_wanted_temperature(
    world: World, clock: Clock, alice: Person
) -> None:
    red = world.car_named("Red")
    before = red.vehicle_data(alice, ALL, with_location=False)["climate_state"]
    assert before["is_climate_on"] is False
    red.settle()
    red.condition.climate.is_on = True
    red.condition.climate.driver_c = 19.0
    clock.advance(HOUR_S)
    after = red.vehicle_data(alice, ALL, with_location=False)["climate_state"]
    assert (after["inside_temp"], after["is_preconditioning"]) == (19.0, True)


@pytest.mark.parametrize("limit", [0.5, 0.8, 1.0])
def test_curve_agrees_with_itself(limit: float) -> None:
    curve = Curve(pack_kwh=60.0, full_kw=120.0, knee=0.3)
    hours = curve.hours_to(6.0, limit * 60.0)
    assert curve.after(6.0, hours, limit * 60.0) == pytest.approx(limit * 60.0)
    halfway = curve.after(6.0, hours / 2.0, 60.0)
    twice = curve.after(halfway, hours / 2.0, 60.0)
    assert twice == pytest.approx(limit * 60.0)
    assert curve.hours_to(60.0, limit * 60.0) == 0.0
    assert curve.power_kw(6.0) == 120.0 > curve.power_kw(halfway + 10.0)
