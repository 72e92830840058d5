"""The policy tables: what each state of a subscription opens.

`default`: the API and streams need a subscription; webhooks with Fleet Telemetry do
not. `per_product`: so do webhooks, and each vehicle and site must be one of those named
in the subscription, unless it names none: it was bought by numbers then. Console,
tokens, export and deletion never need one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Capability(StrEnum):
    """What a user may do with this instance."""

    API = "api"
    STREAM = "stream"
    WEBHOOKS = "webhooks"
    CONSOLE = "console"
    TOKENS = "tokens"
    EXPORT = "export"
    DELETION = "deletion"


class Standing(StrEnum):
    """How a subscription stands at a moment, whatever its provider calls it."""

    NEVER = "never"
    TRIALING = "trialing"
    ACTIVE = "active"
    GRACE = "grace"
    OVERDUE = "overdue"
    PAUSED = "paused"
    ENDING = "ending"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Policy:
    """One table: capabilities by standing, and whether products are named."""

    opens: Mapping[Standing, frozenset[Capability]]
    names_products: bool = False


_ALL: Final = frozenset(Capability)
_ALWAYS: Final = frozenset(
    {Capability.CONSOLE, Capability.TOKENS, Capability.EXPORT, Capability.DELETION}
)


def _table(without: frozenset[Capability]) -> dict[Standing, frozenset[Capability]]:
    return {
        Standing.NEVER: without,
        Standing.TRIALING: _ALL,
        Standing.ACTIVE: _ALL,
        Standing.GRACE: _ALL,
        Standing.OVERDUE: without,
        Standing.PAUSED: without,
        Standing.ENDING: _ALL,
        Standing.ENDED: without,
    }


POLICIES: Final[Mapping[str, Policy]] = {
    "default": Policy(_table(_ALWAYS | {Capability.WEBHOOKS})),
    "per_product": Policy(_table(_ALWAYS), names_products=True),
}
