"""Run a pretend Stripe in a thread of the test's own process."""

from datetime import datetime

from simulator.clock import Clock
from simulator.shops import RunningShop
from simulator.stripe.app import make_app
from simulator.stripe.desk import Desk
from simulator.stripe.entities import Subscription
from simulator.stripe.machine import Machine


class RunningStripe(RunningShop[Machine]):
    """A pretend Stripe on a free port while the `with` block runs."""

    desk: Desk

    def __init__(self, *, at: datetime | None = None) -> None:
        super().__init__(lambda: make_app(self.desk))
        self.desk = Desk(self.url, clock=Clock(at))

    def pay(self, session_id: str) -> Subscription:
        """Pay a checkout as a buyer does on its page."""
        return self.do(lambda: self.machine.pay(self.machine.sessions[session_id]))

    def subscription(self) -> Subscription:
        """Return the only subscription there is. Raises ValueError."""
        (one,) = self.machine.subscriptions.values()
        return one
