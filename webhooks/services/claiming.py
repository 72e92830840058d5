"""Find what is to be sent next, by index: one endpoint's backlog costs no other's time.

An endpoint's events go in their order. The oldest holds up those behind it while it
waits for its second try, and for as long as the endpoint is away: then no event is the
cause. Else it is passed over, so that one that is never accepted keeps nobody waiting.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import groupby, takewhile
from operator import attrgetter
from uuid import UUID

from django.db import connection
from django.db.models import (
    Case,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least

from webhooks.models import Delivery, Endpoint
from webhooks.outcomes import (
    AWAY_KINDS,
    AWAY_STATUSES,
    CIRCUIT_FAILURES,
    ErrorKind,
)

# So often an event is tried before those behind it.
FIRST_TRIES = 2
_OF_ENDPOINT = {"endpoint": OuterRef("pk")}
_AWAY = Q(last_error_kind__in=AWAY_KINDS) | Q(
    last_error_kind=ErrorKind.STATUS, last_status__in=AWAY_STATUSES
)
_FAILING = Q(consecutive_failures__gte=CIRCUIT_FAILURES)


def is_any_due(now: datetime) -> bool:
    """Tell whether there is anything to look for, which mostly there is not."""
    return _due(now).exists()


def lock_free(now: datetime, endpoint_ids: Collection[UUID], most: int) -> list[UUID]:
    """Lock endpoints of which something is due and nothing leased, the oldest first.

    Those that another process has locked are passed over.
    """
    tests = _tests(now).filter(**_OF_ENDPOINT)
    rows = Endpoint.objects.select_for_update(
        skip_locked=connection.features.has_select_for_update_skip_locked,
        of=("self",) if connection.features.has_select_for_update_of else (),
    )
    found = (
        rows.filter(~_is_leased(now), pk__in=list(endpoint_ids))
        .annotate(
            due_at=Coalesce(
                Subquery(tests.order_by("message_id").values("next_at")[:1]),
                _of_line(now, "next_at"),
            )
        )
        .filter(due_at__lte=now)
        .order_by("due_at", "pk")
    )
    return list(found.values_list("pk", flat=True)[:most])


def oldest(now: datetime, locked: Iterable[UUID], run: int) -> list[Delivery]:
    """Return the oldest that may be sent of each locked endpoint, `run` at most.

    One that fails again and again gets a single one, one that is closed its tests.
    """
    # Asked anew: another process may have leased some just before the lock.
    free = Endpoint.objects.filter(~_is_leased(now), pk__in=list(locked)).annotate(
        is_open=Case(When(_open(now), then=True), default=False),
        is_away=Case(When(_AWAY, then=True), default=False),
        has_tests=Exists(_tests(now).filter(**_OF_ENDPOINT)),
        last=_of_line(now, "message_id", run - 1),
    )
    wanted, failing, tested = Q(pk__in=()), {}, []
    for key, failures, is_open, is_away, has_tests, last in free.values_list(
        "pk", "consecutive_failures", "is_open", "is_away", "has_tests", "last"
    ):
        if has_tests:
            tested.append(key)
        if not is_open:
            continue
        part = Q(endpoint=key)
        if failures >= CIRCUIT_FAILURES:
            failing[key] = is_away
        if last is not None:
            part &= Q(message__lte=last)
        wanted |= part if is_away else part & _first_tries(now)
    found = _line().filter(wanted).select_related("message")
    rows = list(found.order_by("endpoint", "message_id"))
    tests = _tests(now).filter(endpoint__in=tested).select_related("message")
    return [
        *(tests.order_by("endpoint", "message_id") if tested else ()),
        *_until_held(rows, now, failing),
    ]


def is_held(endpoint: Endpoint, now: datetime) -> bool:
    """Tell whether the oldest event that waits holds up those behind it."""
    found = Endpoint.objects.filter(pk=endpoint.pk)
    due_at = found.values_list(_of_line(now, "next_at"), flat=True).first()
    return due_at is not None and due_at > now


def _until_held(
    rows: Iterable[Delivery], now: datetime, failing: Mapping[UUID, bool]
) -> list[Delivery]:
    """Return each endpoint's rows up to the first that is not due.

    Of one that fails again and again it is a single one, due or not while it is away.
    """
    found: list[Delivery] = []
    for key, line in groupby(rows, key=attrgetter("endpoint_id")):
        whole = list(line)
        due = list(takewhile(lambda row: row.next_at <= now, whole))
        found += (whole if failing.get(key) else due)[: 1 if key in failing else None]
    return found


def _line() -> QuerySet[Delivery]:
    """Return what waits in an order."""
    waiting = Delivery.objects.filter(state=Delivery.State.PENDING)
    return waiting.exclude(purpose=Delivery.Purpose.TEST)


def _first_tries(now: datetime) -> Q:
    return Q(next_at__lte=now) | Q(tries__lt=FIRST_TRIES)


def _of_line(now: datetime, column: str, place: int = 0) -> Case:
    """Return a column of who stands at a place in an endpoint's line, None if closed.

    Who is away and fails again and again is asked whenever it is open.
    """
    line = _line().filter(**_OF_ENDPOINT).order_by("message_id")
    ready = line.annotate(ready_at=Least("next_at", Value(now)))
    ready = ready.values("ready_at" if column == "next_at" else column)
    told, some = line.values(column), line.filter(_first_tries(now)).values(column)
    at = slice(place, place + 1)
    return Case(
        When(_open(now) & _AWAY & _FAILING, then=Subquery(ready[at])),
        When(_open(now) & _AWAY, then=Subquery(told[at])),
        When(_open(now), then=Subquery(some[at])),
    )


def _tests(now: datetime) -> QuerySet[Delivery]:
    return _due(now).filter(purpose=Delivery.Purpose.TEST)


def _due(now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        Q(lease_until=None) | Q(lease_until__lte=now),
        state=Delivery.State.PENDING,
        next_at__lte=now,
    )


def _open(now: datetime) -> Q:
    return Q(
        Q(closed_until=None) | Q(closed_until__lte=now),
        paused_at=None,
        disabled_at=None,
    )


def _is_leased(now: datetime) -> Exists:
    return Exists(
        Delivery.objects.filter(
            state=Delivery.State.PENDING, lease_until__gt=now, **_OF_ENDPOINT
        )
    )
