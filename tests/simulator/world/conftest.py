"""A world that stands still until a test moves its clock, and its people."""

import pytest

from simulator.clock import Clock
from simulator.world import World
from simulator.world.cars.car import Car
from simulator.world.persons import Person
from simulator.world.tempo import Tempo
from tests.simulator.world.moments import START_AT


@pytest.fixture
def clock() -> Clock:
    return Clock(START_AT)


@pytest.fixture
def world(clock: Clock) -> World:
    return World(7, clock, tempo=Tempo(wake_delay_s=20.0, sleep_after_s=660.0))


@pytest.fixture
def alice(world: World) -> Person:
    return world.persons["alice@example.com"]


@pytest.fixture
def bob(world: World) -> Person:
    return world.persons["bob@example.com"]


@pytest.fixture
def charlie(world: World) -> Person:
    return world.persons["charlie@example.com"]


@pytest.fixture
def red(world: World) -> Car:
    """Return a car that stands without a cable."""
    return world.car_named("Red")


@pytest.fixture
def charger(world: World) -> Car:
    """Return a car that stands on its cable and charges."""
    return world.car_named("Charger")


@pytest.fixture
def blitz(world: World) -> Car:
    """Return a car that drives."""
    return world.car_named("Blitz")


@pytest.fixture
def nimbus(world: World) -> Car:
    """Return a car with cooled seats and air suspension."""
    car = world.car_named("Nimbus")
    car.condition.wake.has_signal = True
    car.condition.wake.active_s = car.now_s
    return car
