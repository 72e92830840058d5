"""Signed commands through the gateway: one call to Tesla each once a session is there."""

from typing import Any

import pytest

from accounts.models import User
from simulator.testing import RunningSimulator
from tests.api.conftest import MakePerson, Person, Program
from vehicles.models import Vehicle


def rouse(simulator: RunningSimulator, name: str) -> Any:
    """Let a simulated car be awake and ready, and return it."""
    car = simulator.world.car_named(name)
    car.wake_up()
    simulator.clock.advance(120)
    assert car.state == "online"
    simulator.hub.ledger.clear()
    return car


def path_of(name: str, command: str, kind: str = "command") -> str:
    vin = Vehicle.objects.get(name=name).vin
    return f"/api/1/vehicles/{vin}/{kind}/{command}"


@pytest.fixture
def alices(alice: User, person: MakePerson, registered: RunningSimulator) -> Person:
    """Return Alice; her Red has our key and takes signed commands only."""
    someone = person(alice)
    red = registered.world.car_named("Red")
    assert red.protocol_required
    rouse(registered, "Red")
    return someone


def asked(simulator: RunningSimulator) -> list[str]:
    """Return the last parts of the addresses that Tesla was called at."""
    return [call.path.rpartition("/")[2] for call in simulator.calls]


def test_second_command_is_one_call(
    play: Any, alices: Person, registered: RunningSimulator
) -> None:
    lock, unlock = path_of("Red", "door_lock"), path_of("Red", "door_unlock")

    async def story(program: Program) -> Any:
        answers = [await program.call(unlock, method="POST")]
        first = len(registered.calls)
        answers.append(await program.call(lock, method="POST"))
        return answers, first, len(registered.calls)

    answers, first, both = play(story, alices.access_token)
    assert [one.status for one in answers] == [200, 200]
    assert [one.json for one in answers] == [
        {"response": {"result": True, "reason": ""}}
    ] * 2
    assert (first, both) == (2, 3)
    assert asked(registered) == ["signed_command"] * 3
    assert registered.billed()["commands"] == 3
    assert registered.world.car_named("Red").record()["vin"]
