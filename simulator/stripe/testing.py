"""Run a pretend Stripe in a thread of the test's own process."""

from collections.abc import Callable
from datetime import datetime
from typing import Self, TypeVar

from simulator.clock import Clock
from simulator.mailing import Notification
from simulator.serving import Serving
from simulator.spoiling import Fault
from simulator.stripe.app import make_app
from simulator.stripe.desk import Desk
from simulator.stripe.entities import Subscription
from simulator.stripe.machine import Machine

_Result = TypeVar("_Result")


class RunningStripe(Serving):
    """A pretend Stripe on a free port while the `with` block runs.

    Each method moves it in its own loop, so that what it tells goes out at once.
    """

    def __init__(self, *, at: datetime | None = None) -> None:
        super().__init__(lambda: make_app(self.desk))
        self.desk = Desk(self.url, clock=Clock(at))

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    @property
    def machine(self) -> Machine:
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

    def pay(self, session_id: str) -> Subscription:
        """Pay a checkout as a buyer does on its page."""
        return self.do(lambda: self.machine.pay(self.machine.sessions[session_id]))

    def in_loop(self, work: Callable[[Machine], _Result]) -> _Result:
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

    def subscription(self) -> Subscription:
        """Return the only subscription there is. Raises ValueError."""
        (one,) = self.machine.subscriptions.values()
        return one
