"""Hold what a car's computer knows since it started, and of each key."""

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_bytes

from simulator.signed.counters import Counters

_EPOCH_BYTES = 16


@dataclass(slots=True)
class Boot:
    """Hold one epoch: it begins when a computer starts, `began_s` on `now_s`'s clock."""

    now_s: Callable[[], float]
    began_s: float
    firmware: str
    epoch: bytes = field(default_factory=lambda: token_bytes(_EPOCH_BYTES))

    def clock_s(self) -> int:
        """Return the seconds since the start, which is the computer's own time."""
        return max(0, int(self.now_s() - self.began_s))


@dataclass(slots=True)
class Session:
    """Hold the key shared with one signer, and the counters of both ends."""

    key: bytes = field(repr=False)
    counters: Counters
    handle: int
    replies: int = 0

    def next_reply(self) -> int:
        """Return the next counter of replies."""
        self.replies += 1
        return self.replies
