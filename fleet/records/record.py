"""Say what one record of a car is, whichever way it came."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

MOST_SIGNALS = 2000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_MS = 946_684_800_000  # the year 2000
_LATEST_MS = 4_102_444_800_000  # the year 2100
# Clocks differ a little.
_AHEAD_MS = 60_000


class Malformed(ValueError):
    """The bytes are no record of a car."""


class Topic(StrEnum):
    """What a record is about, as cars name it."""

    DATA = "V"
    ALERTS = "alerts"
    ERRORS = "errors"
    CONNECTIVITY = "connectivity"


class Record(NamedTuple):
    """What a car told at one moment.

    `at_ms` is the moment by the car's clock, in ms since 1970. `values` are the signals
    by name (topic data), `items` alerts or errors in their normal form.
    `network_interface` and `is_connected` belong to connectivity, `connection_id` too.
    `is_resend`: the car sends it again, since nobody acknowledged it.
    """

    vin: str
    topic: Topic
    at_ms: int
    values: Mapping[str, Any] = {}
    items: Sequence[Mapping[str, Any]] = ()
    network_interface: str = ""
    is_connected: bool = False
    connection_id: str = ""
    is_resend: bool = False


def plausible(at_ms: int, otherwise_ms: int) -> int:
    """Return a moment, or the other one where it is none of this century."""
    return at_ms if _EARLIEST_MS < at_ms < _LATEST_MS else otherwise_ms


def come(record: Record, now_ms: int) -> Record:
    """Return a record as it came now: none is of a later moment.

    A car whose clock is ahead would have nothing newer to say for as long.
    """
    if record.at_ms <= now_ms + _AHEAD_MS:
        return record
    return record._replace(at_ms=now_ms)


def text_of(at_ms: int) -> str:
    """Return a moment of this century as text: `2026-01-01T00:00:00.983Z`."""
    moment = _EPOCH + timedelta(milliseconds=plausible(at_ms, 0))
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
