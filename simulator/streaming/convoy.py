"""Start streaming cars without the simulator around them, for tests and for load."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from simulator.clock import Clock
from simulator.streaming.certificates import Authority
from simulator.streaming.line import Destination, Terms
from simulator.streaming.stream import Stream, Surroundings
from simulator.world.cars.access import Access
from simulator.world.cars.car import Car
from simulator.world.cars.spec import CarSpec
from simulator.world.cast.cars import BLITZ
from simulator.world.cast.people import make_people
from simulator.world.stage import Stage
from simulator.world.tempo import Tempo

_GOODBYE_S = 0.02
FIELDS: Mapping[str, Mapping[str, Any]] = {
    name: {"interval_seconds": 1}
    for name in ("VehicleSpeed", "Location", "Odometer", "BatteryLevel", "Gear")
}
"""What a car of a convoy streams unless told otherwise."""


def make_cars(
    count: int, clock: Clock | None = None, spec: CarSpec = BLITZ
) -> list[Car]:
    """Return cars of one kind with VINs of their own, spread over their routine."""
    stage = Stage(1, clock or Clock(), Tempo())
    owner = Access(make_people(1)[spec.owner], "OWNER")
    step_s = spec.routine.period_s / max(count, 1)
    return [
        Car(
            replace(spec, name=f"{spec.name} {number}", lead_s=number * step_s),
            stage,
            [owner],
        )
        for number in range(count)
    ]


class Convoy:
    """Stream by one config while the `async with` block runs.

    Each car ticks every `tick_s` seconds, or only when `tick` is called for None. The
    server must trust `authority.pem` and hold a certificate for the destination's host
    name that `ca` vouches for.
    """

    def __init__(  # noqa: PLR0913 - what a test may want to choose
        self,
        destination: Destination,
        ca: str,
        cars: Sequence[Car],
        *,
        fields: Mapping[str, Mapping[str, Any]] = FIELDS,
        more: Mapping[str, Any] | None = None,
        authority: Authority | None = None,
        terms: Terms | None = None,
        tick_s: float | None = 0.5,
    ) -> None:
        self.authority = authority or Authority.made()
        self.complaints: list[tuple[str, str]] = []
        host, port = destination.address or ("", 0)
        addresses = {destination.hostname: f"{host}:{port}"} if host else {}
        config = {
            "hostname": destination.hostname,
            "port": destination.port,
            "ca": ca,
            "fields": fields,
            "delivery_policy": "latest",
            **(more or {}),
        }
        self.streams = [
            Stream(
                car,
                config,
                Surroundings(self.authority, addresses, terms or Terms()),
                self._complain_for(car),
            )
            for car in cars
        ]
        self._tick_s = tick_s
        self._jobs: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        work = [stream.line.run() for stream in self.streams]
        self._jobs = [asyncio.create_task(one) for one in work]
        if self._tick_s is not None:
            self._jobs.append(asyncio.create_task(self._run(self._tick_s)))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        # TLS ends a moment after its connection was closed.
        await asyncio.sleep(_GOODBYE_S)

    def tick(self) -> None:
        """Move all cars on."""
        for stream in self.streams:
            stream.tick()

    async def _run(self, tick_s: float) -> None:
        while True:
            self.tick()
            await asyncio.sleep(tick_s)

    def _complain_for(self, car: Car) -> Any:
        return lambda words: self.complaints.append((car.vin, words))
