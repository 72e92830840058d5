"""Fixtures of cars: linked and listed, asleep, with an answer of one's own."""

import json
from collections.abc import Callable

import pytest

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.fixtures.tesla import MakeGrant
from tokens.models import TeslaGrant
from vehicles import tasks

Link = Callable[..., TeslaGrant]


@pytest.fixture
def link(make_grant: MakeGrant) -> Link:
    """Return a function that links a Tesla account and lists its cars."""

    def make(user: User, person: str = "", **more: tuple[str, ...]) -> TeslaGrant:
        grant = make_grant(user, person or str(user.email), **more)
        tasks.sync(str(grant.pk))
        return grant

    return make


@pytest.fixture
def products(registered: RunningSimulator) -> Callable[..., None]:
    """Return a function that has Tesla list just these products from now on."""

    def answer(*listed: dict[str, object]) -> None:
        registered.faults.clear()
        registered.faults.add(
            "body", "*/products", body=json.dumps({"response": listed}), status=200
        )

    return answer


def paths(simulator: RunningSimulator, ending: str) -> list[str]:
    """Return the paths of the calls so far that end in something."""
    return [call.path for call in simulator.calls if call.path.endswith(ending)]


def rouse(simulator: RunningSimulator, name: str) -> None:
    """Let a simulated car be online, whatever the hour of the day is."""
    car = simulator.world.car_named(name)
    car.wake_up()
    simulator.clock.advance(90)
    assert car.state == "online"


def lull(simulator: RunningSimulator, name: str) -> None:
    """Let time pass in the simulator until a car has fallen asleep."""
    car = simulator.world.car_named(name)
    for _ in range(40):
        if car.reported_state == "asleep":
            return
        simulator.clock.advance(600)
    raise AssertionError(f"{name} does not sleep")
