"""Run a pretend Paddle in a thread of the test's own process."""

from datetime import datetime

from simulator.clock import Clock
from simulator.paddle import levers
from simulator.paddle.app import make_app
from simulator.paddle.desk import Desk
from simulator.paddle.entities import Subscription, Transaction
from simulator.paddle.machine import Machine
from simulator.shops import RunningShop


class RunningPaddle(RunningShop[Machine]):
    """A pretend Paddle on a free port while the `with` block runs."""

    desk: Desk

    def __init__(self, *, at: datetime | None = None) -> None:
        super().__init__(lambda: make_app(self.desk))
        self.desk = Desk(self.url, clock=Clock(at))

    def pay(self, transaction_id: str) -> Transaction:
        """Pay a transaction as a buyer does in the window."""

        def work() -> Transaction:
            transaction = self.machine.transactions[transaction_id]
            self.machine.pay(transaction)
            return transaction

        return self.do(work)

    def refund(
        self, transaction: Transaction, action: str = "refund", kind: str = "full"
    ) -> None:
        """Give money back, or have the bank take it."""
        self.do(lambda: levers.refund(self.desk, transaction, action, kind))

    def expose_key(self) -> None:
        """Tell that the API key was found on the internet."""
        self.do(lambda: levers.expose_key(self.desk))

    def subscription(self) -> Subscription:
        """Return the only subscription there is. Raises ValueError."""
        (one,) = self.machine.subscriptions.values()
        return one
