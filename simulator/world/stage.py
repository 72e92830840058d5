"""Hold what everything in one world shares: seed, time, delays and beginning."""

from dataclasses import dataclass, field

from simulator.clock import Clock
from simulator.world.tempo import Tempo


@dataclass(slots=True)
class Stage:
    """Share the clock; `origin_s` is when the world began and routines start."""

    seed: int
    clock: Clock
    tempo: Tempo
    origin_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.origin_s = self.now_s()

    def now_s(self) -> float:
        """Return the present moment in seconds since 1970."""
        return self.clock.now().timestamp()
