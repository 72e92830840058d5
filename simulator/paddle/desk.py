"""Hold one pretend Paddle: its machine, its weather, who may ask."""

from dataclasses import dataclass, field

from aiohttp import web

from simulator.clock import Clock
from simulator.mailing import Weather
from simulator.paddle.machine import Machine
from simulator.paddle.sender import Sender
from simulator.spoiling import Fault


@dataclass(slots=True)
class Desk:
    """Everything that the doors of one pretend Paddle share.

    `public_url` is its own address, `checkout_url` the page on which its script opens
    a checkout (the default payment link).
    """

    public_url: str
    checkout_url: str = ""
    clock: Clock = field(default_factory=Clock)
    sender: Sender = field(default_factory=Sender)
    faults: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    machine: Machine = field(init=False)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Go back to the seeded start."""
        self.sender.sent.clear()
        self.sender.weather = Weather()
        self.faults.clear()
        self.calls.clear()
        self.machine = Machine(self.clock, self.sender)

    def advance(self, seconds: float) -> None:
        """Move the time ahead and do what is due by then."""
        self.clock.advance(seconds)
        self.machine.tick()


DESK = web.AppKey("paddle_desk", Desk)


def desk_of(request: web.Request) -> Desk:
    """Return the desk of the application that got this request."""
    return request.config_dict[DESK]
