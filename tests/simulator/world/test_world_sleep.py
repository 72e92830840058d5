import pytest

from simulator.clock import Clock
from simulator.world import World
from simulator.world.cars.car import VehicleUnavailable
from simulator.world.persons import Person
from tests.simulator.world.moments import ALL, HOUR_S, MINUTE_S


def test_states_at_the_beginning(world: World) -> None:
    assert {car.name: car.state for car in world.cars.values()} == {
        "Red": "online",
        "Luna": "asleep",
        "Granny": "online",
        "Blitz": "online",
        "Nimbus": "offline",
        "Charger": "online",
    }


def test_idle_car_falls_asleep_and_is_reported_later(
    world: World, clock: Clock
) -> None:
    red = world.car_named("Red")
    clock.advance(659.0)
    assert red.state == "online"
    clock.advance(2.0)
    assert (red.state, red.reported_state) == ("asleep", "online")
    clock.advance(3.0)
    assert red.reported_state == "asleep"


def test_reads_do_not_keep_a_modern_car_awake(
    world: World, clock: Clock, alice: Person
) -> None:
    red = world.car_named("Red")
    for _ in range(2):
        clock.advance(5 * MINUTE_S)
        red.vehicle_data(alice, ALL, with_location=False)
    clock.advance(2 * MINUTE_S)
    assert red.state == "asleep"


def test_reads_keep_an_old_car_awake(world: World, clock: Clock, alice: Person) -> None:
    granny = world.car_named("Granny")
    for _ in range(6):
        clock.advance(10 * MINUTE_S)
        granny.vehicle_data(alice, ALL, with_location=False)
    assert granny.state == "online"
    clock.advance(11 * MINUTE_S)
    assert granny.state == "asleep"


def test_patience_is_between_ten_and_fifteen_minutes(clock: Clock) -> None:
    red = World(7, clock).car_named("Red")
    clock.advance(10 * MINUTE_S - 1)
    assert red.state == "online"
    clock.advance(5 * MINUTE_S + 1)
    assert red.state == "asleep"


def test_wake_up_takes_its_time(world: World, clock: Clock, alice: Person) -> None:
    luna = world.car_named("Luna")
    with pytest.raises(VehicleUnavailable):
        luna.vehicle_data(alice, ALL, with_location=False)
    luna.wake_up()
    assert luna.record(alice)["state"] == "asleep"
    clock.advance(19.0)
    luna.wake_up()
    assert luna.state == "asleep"
    clock.advance(1.0)
    assert (luna.state, luna.reported_state) == ("online", "asleep")
    clock.advance(3.0)
    assert luna.reported_state == "online"
    assert luna.vehicle_data(alice, ALL, with_location=False)["state"] == "online"
    clock.advance(11 * MINUTE_S)
    assert luna.state == "asleep"


def test_wake_up_of_an_online_car_starts_its_patience_anew(
    world: World, clock: Clock
) -> None:
    red = world.car_named("Red")
    clock.advance(10 * MINUTE_S)
    red.wake_up()
    clock.advance(10 * MINUTE_S)
    assert red.state == "online"


def test_drawn_wake_delays_lie_between_ten_and_sixty_seconds(clock: Clock) -> None:
    luna = World(7, clock).car_named("Luna")
    luna.wake_up()
    clock.advance(9.9)
    assert luna.state == "asleep"
    clock.advance(50.1)
    assert luna.state == "online"


def test_offline_car_never_answers(world: World, clock: Clock) -> None:
    nimbus = world.car_named("Nimbus")
    nimbus.wake_up()
    clock.advance(HOUR_S)
    assert (nimbus.state, nimbus.reported_state) == ("offline", "offline")
    for read in (nimbus.nearby_charging_sites, nimbus.recent_alerts):
        with pytest.raises(VehicleUnavailable):
            read()


@pytest.mark.parametrize("use", ["sentry_mode", "user_present"])
def test_use_keeps_a_car_awake(world: World, clock: Clock, use: str) -> None:
    red = world.car_named("Red")
    setattr(red.condition.body, use, True)
    clock.advance(HOUR_S)
    assert red.state == "online"
    red.stir()
    setattr(red.condition.body, use, False)
    clock.advance(10 * MINUTE_S)
    assert red.state == "online"
    clock.advance(MINUTE_S)
    assert red.state == "asleep"


def test_stirring_a_sleeping_car_does_not_wake_it(world: World) -> None:
    luna = world.car_named("Luna")
    luna.stir()
    luna.touch()
    assert luna.state == "asleep"
