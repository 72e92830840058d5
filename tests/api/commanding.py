"""What tests of commands share: cars that are awake, addresses, what Tesla was asked."""

import json
from dataclasses import dataclass
from typing import Any

from api.commanding import Commanding
from simulator.testing import RunningSimulator
from tests.api.conftest import Answer, Program
from vehicles.models import Vehicle

DONE = {"response": {"result": True, "reason": ""}}


@dataclass(slots=True)
class Watch:
    """A clock that moves only when somebody sleeps; the simulated cars' moves along."""

    simulator: RunningSimulator
    now_s: float = 1000.0
    slept_s: float = 0.0

    def now(self) -> float:
        """Return the moment, in seconds."""
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds
        self.slept_s += seconds
        self.simulator.clock.advance(seconds)

    def set_up(self, program: Program) -> None:
        """Have a program's door wait by this clock."""
        door = program.door
        door.commanding = Commanding(
            door.upstream, door.threads, clock=self.now, sleep=self.sleep
        )


def rouse(simulator: RunningSimulator, name: str) -> Any:
    """Let a simulated car be awake and ready, and return it."""
    car = simulator.world.car_named(name)
    car.wake_up()
    simulator.clock.advance(120)
    assert car.state == "online"
    simulator.hub.ledger.clear()
    return car


def lull(simulator: RunningSimulator, name: str) -> Any:
    """Let a simulated car fall asleep, and return it."""
    car = simulator.world.car_named(name)
    for _ in range(40):
        if car.reported_state == "asleep":
            break
        simulator.clock.advance(600)
    assert car.reported_state == "asleep"
    tempo = simulator.world.tempo
    tempo.wake_delay_s, tempo.report_lag_s, tempo.busy_after_wake_s = 10.0, 0.0, 0.0
    simulator.hub.ledger.clear()
    return car


def path_of(name: str, command: str, kind: str = "command") -> str:
    """Return the address of a command to a car."""
    vin = Vehicle.objects.get(name=name).vin
    return f"/api/1/vehicles/{vin}/{kind}/{command}"


async def post(program: Program, path: str, **body: Any) -> Answer:
    """Send a command."""
    return await program.call(path, method="POST", body=json.dumps(body).encode())


def asked(simulator: RunningSimulator) -> list[str]:
    """Return the last parts of the addresses that Tesla was called at."""
    return [call.path.rpartition("/")[2] for call in simulator.calls]


def told(simulator: RunningSimulator, name: str) -> list[str]:
    """Return what a car was told and did, oldest first."""
    vin = simulator.world.car_named(name).vin
    return [one.name for one in simulator.hub.commands.of(vin)][::-1]
