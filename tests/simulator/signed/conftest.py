"""Cars whose computers are spoken to without any HTTP between."""

from collections.abc import Callable

import pytest
from tesla_protocol.command.universal_message_pb2 import Domain, RoutableMessage

from simulator.clock import Clock
from simulator.signed.garage import Garage
from simulator.world import World
from simulator.world.cars.car import Car
from simulator.world.tempo import Tempo
from tests.simulator.doors import KEY_HEX, NOON
from tests.simulator.signed.signer import Signer

Connect = Callable[..., Signer]


@pytest.fixture
def world() -> World:
    world = World(7, Clock(NOON), tempo=Tempo(wake_delay_s=20.0, sleep_after_s=660.0))
    for car in world.cars.values():
        car.pair(KEY_HEX, "keys.example.com")
    return world


@pytest.fixture
def garage() -> Garage:
    return Garage()


@pytest.fixture
def car(world: World) -> Car:
    """Return a car that stands on its cable and charges."""
    return world.car_named("Charger")


@pytest.fixture
def connect(garage: Garage, car: Car) -> Connect:
    """Return what opens a session with a computer of a car, as its owner or not."""

    def to(domain: Domain, *, other: Car | None = None, owner: bool = True) -> Signer:
        target = other or car

        def send(message: RoutableMessage) -> RoutableMessage:
            return garage.answer(target, message, lambda *_: None, is_owner=owner)

        return Signer(send, target.vin, domain).shake()

    return to
