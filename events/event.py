"""What an event is: one thing that happened to one product, encoded once."""

from dataclasses import dataclass, field
from enum import StrEnum
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


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one product.

    `product` is a VIN, a site's id as decimal text, or "" for the account's credits.
    `body` is compact JSON in one line, made by `events.shapes`; `at_ms` is when it
    happened, in milliseconds since 1970. `signals` is what `body` holds under "data",
    value by value, so that nobody takes it apart again.
    """

    topic: Topic
    product: str
    body: bytes = field(repr=False)
    at_ms: int
    signals: Signals = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as one account is told of it."""

    account_id: UUID
    event: Event
