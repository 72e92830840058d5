"""Run a pretend payment provider in a thread of the test's own process."""

from collections.abc import Callable
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from simulator.clock import Clock
from simulator.mailing import Notification
from simulator.serving import Serving
from simulator.spoiling import Fault

_Result = TypeVar("_Result")
_Machine = TypeVar("_Machine")


class _Sender(Protocol):
    sent: list[Notification]


class _Desk(Protocol[_Machine]):
    """What both providers' desks have."""

    clock: Clock
    faults: list[Fault]
    calls: list[tuple[str, str]]
    machine: _Machine

    @property
    def sender(self) -> _Sender:
        """Return who tells what happened."""

    def reset(self) -> None:
        """Go back to the seeded start."""

    def advance(self, seconds: float) -> None:
        """Move the time ahead and do what is due by then."""


class RunningShop(Serving, Generic[_Machine]):
    """A pretend provider on a free port while the `with` block runs.

    Each method moves it in its own loop, so that what it tells goes out at once.
    """

    desk: _Desk[_Machine]

    @property
    def machine(self) -> _Machine:
        """Return the entities."""
        return self.desk.machine

    @property
    def notifications(self) -> list[Notification]:
        """Return what was told since the last reset, oldest first."""
        return self.desk.sender.sent

    def reset(self, *, at: datetime | None = None) -> None:
        """Go back to the seeded start, at a moment or with the machine's own time."""

        def work() -> None:
            self.desk.clock = Clock(at)
            self.desk.reset()

        self.do(work)

    def advance(self, seconds: float) -> None:
        """Move the time ahead and do what is due by then."""
        self.do(lambda: self.desk.advance(seconds))

    def in_loop(self, work: Callable[[_Machine], _Result]) -> _Result:
        """Do something with the entities."""
        return self.do(lambda: work(self.machine))

    def fault(self, method: str, path: str, **how: int | bool) -> Fault:
        """Spoil the next calls that fit; see `Fault`."""
        fault = Fault(method, path, **how)  # type: ignore[arg-type]  # numbers and flags by name
        self.desk.faults.append(fault)
        return fault

    def calls(self, method: str, path: str) -> int:
        """Return how often an address was called."""
        return self.desk.calls.count((method, path))
