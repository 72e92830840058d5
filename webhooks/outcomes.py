"""What came of one request to an endpoint, and how long to wait after it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from uuid import UUID

EXCERPT_BYTES = 4096
MASK = "•••"
# When an event is sent again after its first, second, … failure.
STEPS_S: tuple[int, ...] = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800)
# The same for data, which is worth less with each minute.
DATA_STEPS_S: tuple[int, ...] = (1, 2, 5, 15, 30, 60)
# After so many failures on end one request at a time finds out who is there.
CIRCUIT_FAILURES = 5
CIRCUIT_STEPS_S: tuple[int, ...] = (30, 60, 120, 300, 600, 1800, 3600)
EVENT_LIFETIME = timedelta(days=3)
_JITTER = 0.2
_LEAST_AFTER_HASTE_S = 60


class ErrorKind(StrEnum):
    """Why a delivery did not succeed."""

    STATUS = "status"
    REDIRECT = "redirect"
    TIMEOUT = "timeout"
    CONNECT_TIMEOUT = "connect_timeout"
    DNS = "dns"
    REFUSED = "connection_refused"
    RESET = "connection_reset"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    BLOCKED = "blocked_address"
    PARTIAL = "partial_body"
    BAD_ANSWER = "bad_answer"
    SECRETS = "secrets_unreadable"


# These happen to all endpoints at once when our own line is down.
LINE_KINDS = frozenset(
    {ErrorKind.DNS, ErrorKind.UNREACHABLE, ErrorKind.CONNECT_TIMEOUT}
)

# No event is the cause of these: as one fares, so do all.
AWAY_KINDS = LINE_KINDS | {
    *(ErrorKind.REFUSED, ErrorKind.TLS, ErrorKind.BLOCKED, ErrorKind.SECRETS),
    ErrorKind.REDIRECT,
}
AWAY_STATUSES = frozenset({401, 429, 503})


@dataclass(slots=True)
class Outcome:
    """Hold what came back; `error_kind` is empty where the endpoint accepted it.

    `retry_after_s` is what the answer asked for, None for nothing.
    """

    status: int | None
    error_kind: str
    duration_ms: int = 0
    excerpt: str = ""
    remote_ip: str = ""
    retry_after_s: float | None = None

    @property
    def has_worked(self) -> bool:
        """Tell whether the endpoint accepted it."""
        return not self.error_kind


@dataclass(slots=True)
class Tried:
    """Hold one request and what came of it; `delivery_id` is None for data.

    `headers` are the request's own, `usual_headers` those of every request to this
    endpoint, as the log shows them. `events_before` were accepted by requests before it
    that nothing else tells of.
    """

    endpoint_id: UUID
    message_id: str
    topic: str
    product: str
    outcome: Outcome
    started_at: datetime
    delivery_id: int | None = None
    purpose: str = ""
    number: int = 1
    events: int = 1
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    usual_headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    events_before: int = 0

    def shown_headers(self) -> dict[str, str]:
        """Return the headers as the log shows them: what the person set is masked."""
        return {**self.usual_headers, **self.headers}


def text_of(content: bytes) -> str:
    """Return the beginning of a body as text that any database takes."""
    text = content[:EXCERPT_BYTES].decode("utf-8", "replace")
    return text.replace("\x00", "\ufffd")


def wait_s(steps: Sequence[int], failures: int, outcome: Outcome) -> float:
    """Return how many seconds to wait after so many failures, 1 or more.

    A fifth more or less by chance. After 429 and time-outs a minute at least; what
    Retry-After asks for counts between once and twice the step.
    """
    step = steps[min(failures, len(steps)) - 1]
    if outcome.status == 429 or outcome.error_kind in {
        ErrorKind.TIMEOUT,
        ErrorKind.CONNECT_TIMEOUT,
    }:
        step = max(step, _LEAST_AFTER_HASTE_S)
    if outcome.retry_after_s is not None:
        return min(max(outcome.retry_after_s, step), 2.0 * step)
    return step * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  # no secret


def retry_after_s(value: str, now: datetime) -> float | None:
    """Return what a Retry-After header asks for, in seconds or as an HTTP date.

    None where it says nothing readable.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
