"""What an event is: one thing that happened to one product, encoded once."""

from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

Signals = tuple[tuple[str, bytes], ...]
"""Signals by name, each with its value as JSON."""


class Topic(StrEnum):
    """What an event is about, by the names that streams and webhooks choose from."""

    STATE = "state"
    DATA = "data"
    ALERTS = "alerts"
    ERRORS = "errors"
    CONNECTIVITY = "connectivity"
    VEHICLE_DATA = "vehicle_data"
    CONFIG = "config"
    LIVE_STATUS = "live_status"
    SITE_INFO = "site_info"
    TARIFF_CONTENT_V2 = "tariff_content_v2"
    ENERGY_TOTALS = "energy_totals"
    WALL_CONNECTOR_TOTALS = "wall_connector_totals"
    CREDITS = "credits"


ENERGY = frozenset(
    {
        Topic.LIVE_STATUS,
        Topic.SITE_INFO,
        Topic.TARIFF_CONTENT_V2,
        Topic.ENERGY_TOTALS,
        Topic.WALL_CONNECTOR_TOTALS,
    }
)
"""The topics of energy sites."""


class Event(NamedTuple):
    """One thing that happened to one product.

    `product` is a VIN, a site's id as decimal text, or "" for the account's credits.
    `body` is compact JSON in one line, made by `events.shapes`; `at_ms` is when it
    happened, in milliseconds since 1970. `packed` is what `body` holds under "data",
    value by value (`events.shapes.packed_of`), so that nobody takes it apart again.

    A tuple, since one is made for each record of a car: it costs a third of a frozen
    dataclass.
    """

    topic: Topic
    product: str
    body: bytes
    at_ms: int
    packed: bytes = b""

    def __repr__(self) -> str:
        """Tell what it is, never what is in it."""
        return f"Event({self.topic!r}, {self.product!r}, at_ms={self.at_ms})"

    def __eq__(self, other: object) -> bool:
        """Tell whether it says the same, taken apart or not."""
        return isinstance(other, Event) and self[:4] == other[:4]

    def __ne__(self, other: object) -> bool:
        """Tell whether it says something else."""
        return not self == other

    def __hash__(self) -> int:
        """Return the hash of what it says."""
        return hash(self[:4])


class Entry(NamedTuple):
    """One event as one account is told of it."""

    account_id: UUID
    event: Event
