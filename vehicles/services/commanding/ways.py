"""Say what a command is on its way to a car, and what carries it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from fleet.endpoints import Endpoint
from fleet.wire import Answer


class Stage(StrEnum):
    """List what a command that is under way is held up by."""

    WAKING = "waking"
    SENDING = "sending"


class Way(Protocol):
    """Carry calls to Tesla by one grant, within its limits, each of them counted."""

    @property
    def grant_id(self) -> UUID:
        """Return by which grant."""

    async def send(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Return Tesla's whole answer, whatever its status.

        Raises `FleetError` where none came, and what else the carrier refuses.
        """


@dataclass(frozen=True, slots=True)
class Order:
    """One command: a row of the endpoint table and its checked body.

    `signing` is what is known of the car, a `Vehicle.CommandSigning`. `is_asleep`: it
    was found asleep just now. `may_wake`: it may be woken for this.
    """

    vin: str
    endpoint: Endpoint
    body: Mapping[str, Any] = field(repr=False)
    signing: str = ""
    is_asleep: bool = False
    may_wake: bool = True


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended.

    `result` and `reason` are the car's, `result` None where Tesla refused; `said` is
    what a car told beside that. `answer` is Tesla's own where the command went
    unsigned, else None.
    """

    result: bool | None
    reason: str = ""
    said: Mapping[str, Any] = field(default_factory=dict, repr=False)
    answer: Answer | None = None
