"""Hold one pretend Stripe: its machine, its weather, who may ask, what was answered."""

from dataclasses import dataclass, field

from aiohttp import web

from simulator.clock import Clock
from simulator.mailing import Weather
from simulator.spoiling import Fault
from simulator.stripe.machine import Machine
from simulator.stripe.sender import Sender


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that is given again to whoever comes with the same key."""

    asked: str
    status: int
    body: bytes


@dataclass(slots=True)
class Desk:
    """Everything that the doors of one pretend Stripe share.

    `public_url` is its own address. `answers` are kept by idempotency key.
    """

    public_url: str
    clock: Clock = field(default_factory=Clock)
    sender: Sender = field(default_factory=Sender)
    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, Said] = field(default_factory=dict)
    machine: Machine = field(init=False)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Go back to the seeded start."""
        self.sender.sent.clear()
        self.sender.weather = Weather()
        self.faults.clear()
        self.calls.clear()
        self.answers.clear()
        self.machine = Machine(self.clock, self.sender)

    def advance(self, seconds: float) -> None:
        """Move the time ahead and do what is due by then."""
        self.clock.advance(seconds)
        self.machine.tick()


DESK = web.AppKey("stripe_desk", Desk)


def desk_of(request: web.Request) -> Desk:
    """Return the desk of the application that got this request."""
    return request.config_dict[DESK]
