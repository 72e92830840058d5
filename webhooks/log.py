"""The log of a webhook as its page shows it: what was sent, what waits, what was missed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Min, QuerySet
from django.urls import reverse

from webhooks import words
from webhooks.models import Attempt, Delivery, Endpoint
from webhooks.services import claiming

MOST_ROWS: Final = 25
MOST_TESTS: Final = 5
_MOST_WAITING: Final = 10
_SOON = timedelta(seconds=5)
_UNHEARD_AFTER = timedelta(seconds=15)
_MISSED = (Delivery.State.FAILED, Delivery.State.EXPIRED, Delivery.State.DISABLED)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the log.

    `end` is how it ended in a few words, `tone` its class; `next_at` is the next try of
    an event that was not accepted. `number` is 0 for what was not tried yet.
    """

    address: str
    at: datetime
    kind: str
    purpose: str
    car: str
    events: int
    end: str
    tone: str
    duration_ms: int | None
    number: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the log; `older_than` leads on to the next part, 0 for none.

    `token` changes with everything that the page shows.
    """

    rows: list[Row]
    older_than: int
    waiting: int
    is_under_way: bool
    is_unheard: bool
    token: str


@dataclass(frozen=True, slots=True)
class Missed:
    """How many events did not arrive and will not, and when the first happened."""

    count: int
    first_at: datetime | None


def page(
    endpoint: Endpoint,
    names: Mapping[str, str],
    now: datetime,
    *,
    outcome: str = "",
    before: int | None = None,
) -> Page:
    """Return a part of the log; `names` are what the cars are called, by VIN."""
    open_ = _pending(endpoint)
    if outcome in {"open", "missed"}:
        newest = open_ if outcome == "open" else _missed(endpoint)
        newest = newest if before is None else newest.filter(pk__lt=before)
        found = list(newest.order_by("-pk")[: MOST_ROWS + 1])
        rows = [_queued(one, names, now) for one in found[:MOST_ROWS]]
        older = found[MOST_ROWS - 1].pk if len(found) > MOST_ROWS else 0
    else:
        tried = _attempts(endpoint, outcome, before)
        rows = [_tried(one, names) for one in tried[:MOST_ROWS]]
        older = tried[MOST_ROWS - 1].pk if len(tried) > MOST_ROWS else 0
        if not outcome and before is None:
            fresh = open_.filter(tries=0).order_by("-pk")[:_MOST_WAITING]
            rows = [_queued(one, names, now) for one in fresh] + rows
    waiting = open_.count()
    due = _due(endpoint, open_, now)
    is_unheard = _is_unheard(endpoint, due, now)
    token = (
        f"{rows[0].at.timestamp() if rows else 0}.{len(rows)}.{waiting}.{is_unheard:d}"
    )
    return Page(rows, older, waiting, due.exists(), is_unheard, token)


def missed(endpoint: Endpoint) -> Missed:
    """Return what events did not arrive; one query."""
    rows = _missed(endpoint)
    found = rows.aggregate(count=Count("pk"), first_at=Min("message__occurred_at"))
    return Missed(found["count"], found["first_at"])


def tests_under_way(endpoint: Endpoint) -> int:
    """Return how many tests are not sent yet."""
    return _pending(endpoint).filter(purpose=Delivery.Purpose.TEST).count()


def rests(endpoint: Endpoint, now: datetime) -> bool:
    """Tell whether nothing but tests is sent now: paused, disabled, or failing on end.

    After several failures one request at a time finds out who is there.
    """
    closed_until = endpoint.closed_until
    is_closed = closed_until is not None and closed_until > now
    return is_closed or not endpoint.is_sending


def is_open(endpoint: Endpoint, delivery: Delivery, now: datetime) -> bool:
    """Tell whether a delivery is about to be sent, so that it is worth waiting for."""
    is_pending = delivery.state == Delivery.State.PENDING
    is_test = delivery.purpose == Delivery.Purpose.TEST
    is_held = _is_held(endpoint, now) and not is_test
    return is_pending and not is_held and delivery.next_at <= now + _SOON


def _is_unheard(endpoint: Endpoint, due: QuerySet[Delivery], now: datetime) -> bool:
    """Tell whether what is due lies about and nothing at all is being sent."""
    since = now - _UNHEARD_AFTER
    if not due.filter(next_at__lt=since, lease_until=None).exists():
        return False
    return not Attempt.objects.filter(endpoint=endpoint, started_at__gt=since).exists()


def _missed(endpoint: Endpoint) -> QuerySet[Delivery]:
    purpose = Delivery.Purpose.EVENT
    rows = Delivery.objects.filter(endpoint=endpoint, purpose=purpose)
    return rows.filter(state__in=_MISSED).select_related("message")


def _pending(endpoint: Endpoint) -> QuerySet[Delivery]:
    state = Delivery.State.PENDING
    return Delivery.objects.filter(endpoint=endpoint, state=state).select_related(
        "message"
    )


def _due(
    endpoint: Endpoint, open_: QuerySet[Delivery], now: datetime
) -> QuerySet[Delivery]:
    """Return what should be on its way by now; tests go even where all else rests."""
    due = open_.filter(next_at__lte=now + _SOON)
    is_held = _is_held(endpoint, now)
    return due.filter(purpose=Delivery.Purpose.TEST) if is_held else due


def _is_held(endpoint: Endpoint, now: datetime) -> bool:
    """Tell whether it rests, or the oldest event waits for its next try."""
    is_failing = endpoint.first_failure_at is not None
    return rests(endpoint, now) or (is_failing and claiming.is_held(endpoint, now))


def _attempts(endpoint: Endpoint, outcome: str, before: int | None) -> list[Attempt]:
    found = Attempt.objects.filter(endpoint=endpoint).select_related("delivery")
    if outcome == "ok":
        found = found.filter(error_kind="")
    elif outcome == "bad":
        found = found.exclude(error_kind="")
    if before is not None:
        found = found.filter(pk__lt=before)
    return list(found.order_by("-pk")[: MOST_ROWS + 1])


def _tried(attempt: Attempt, names: Mapping[str, str]) -> Row:
    delivery = attempt.delivery
    goes_on = (
        delivery is not None
        and delivery.state == Delivery.State.PENDING
        and attempt.number == delivery.attempts
    )
    if delivery is None:
        address = reverse("webhooks:attempt", args=[attempt.endpoint_id, attempt.pk])
    else:
        address = reverse("webhooks:delivery", args=[attempt.endpoint_id, delivery.pk])
    return Row(
        address=address,
        at=attempt.started_at,
        kind=words.kind(attempt.topic),
        purpose=delivery.purpose if delivery is not None else "",
        car=names.get(attempt.product, attempt.product),
        events=attempt.events,
        end=ending(attempt),
        tone="good" if attempt.has_worked else "bad",
        duration_ms=attempt.duration_ms,
        number=attempt.number,
        next_at=delivery.next_at if delivery is not None and goes_on else None,
    )


def ending(attempt: Attempt) -> str:
    """Return how an attempt ended: the status, or why there is none."""
    if attempt.http_status is not None:
        return str(attempt.http_status)
    return attempt.error_kind.replace("_", " ") or "—"


def _queued(delivery: Delivery, names: Mapping[str, str], now: datetime) -> Row:
    message = delivery.message
    is_open = delivery.state == Delivery.State.PENDING
    is_later = is_open and delivery.next_at > now + _SOON
    return Row(
        address=reverse("webhooks:delivery", args=[delivery.endpoint_id, delivery.pk]),
        at=delivery.asked_at,
        kind=words.kind(message.topic),
        purpose=delivery.purpose,
        car=names.get(message.product, message.product),
        events=1,
        end="Waiting" if is_open else delivery.get_state_display(),
        tone="waiting" if is_open else "bad",
        duration_ms=None,
        number=delivery.attempts,
        next_at=delivery.next_at if is_later else None,
    )
