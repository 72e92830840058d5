"""Questions that a page puts to Tesla: asked by a view, answered by a worker.

The row is the queue. A worker claims it by a conditional update of its lease; a worker
that dies leaves a lease that ends, and the sweep has the question put once more.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

import fleet
from accounts.models import User
from fleet import errors as fleet_errors
from fleet.endpoints import BY_NAME, Where
from fleet.scopes import Scope
from tokens.models import Inquiry, TeslaGrant
from tokens.services import last_answers, spending, usage

# Longer than a task may run (settings.CELERY_TASK_TIME_LIMIT).
LEASE = timedelta(seconds=130)
MOST_ATTEMPTS = 2
# A question this old was not picked up by the bell; one much older has no reader.
_UNHEARD_AFTER = timedelta(seconds=5)
_TOO_LATE_AFTER = timedelta(minutes=10)


def ask(user: User, grant: TeslaGrant, endpoint_name: str, subject: str) -> Inquiry:
    """Put a question, or return the same one that is still waiting for its answer.

    A button pressed twice asks, and costs, once. `subject` is a VIN or a site's id.
    """
    if endpoint_name not in BY_NAME:
        raise ValueError(f"{endpoint_name!r} is no endpoint.")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        same = Inquiry.objects.filter(
            user=user,
            grant=grant,
            endpoint=endpoint_name,
            subject=subject,
            state__in=[Inquiry.State.WAITING, Inquiry.State.RUNNING],
        ).first()
        return same or Inquiry.objects.create(
            user=user, grant=grant, endpoint=endpoint_name, subject=subject
        )


def claim(pk: UUID | str) -> Inquiry | None:
    """Take a question to answer it; None when it is answered, or somebody has it."""
    free = Q(state=Inquiry.State.WAITING) | Q(
        state=Inquiry.State.RUNNING,
        lease_until__lte=Now(),
        attempts__lt=MOST_ATTEMPTS,
    )
    claimed = Inquiry.objects.filter(free, pk=pk).update(
        state=Inquiry.State.RUNNING,
        attempts=F("attempts") + 1,
        lease_until=Now() + LEASE,
    )
    if not claimed:
        return None
    return Inquiry.objects.select_related("grant", "user").get(pk=pk)


def answer(
    inquiry: Inquiry,
    client: fleet.Client,
    keep: Callable[[Inquiry], None] | None = None,
) -> Inquiry:
    """Ask Tesla and store the answer, or the error in words; return the row.

    Nothing is tried twice: the person sees the words and presses again. `keep` gets
    the answered row in the same transaction, so that no page finds the question
    answered and the reading not yet there.
    """
    endpoint = BY_NAME[inquiry.endpoint]
    if endpoint.scopes and not any(map(inquiry.grant.has, endpoint.scopes)):
        # Tesla would refuse the call, and may bill it.
        missing = fleet.MissingScopes(code="missing_scopes", status=403)
        missing.scopes = tuple(scope.value for scope in endpoint.scopes)
        return fail(inquiry, missing)
    if endpoint.billed:
        now = timezone.now()
        if spending.stops(endpoint.price, spending.budget(now).spent_usd):
            return _stopped(inquiry, now)
    path_params = {
        param.name: inquiry.subject for param in endpoint.params_in(Where.PATH)
    }
    asked_at_s, began_s = time.time(), time.perf_counter()
    status = 200
    try:
        response = client.call(endpoint, path_params, _query(inquiry))
    except fleet.FleetError as error:
        status = error.status or 0
        return fail(inquiry, error)
    finally:
        spent_ms = (time.perf_counter() - began_s) * 1000
        user, subject = inquiry.user, inquiry.subject
        usage.note_page_call(
            user, subject, endpoint.price, status, spent_ms, name=endpoint.name
        )
    if endpoint.method != "GET":
        last_answers.note_change(inquiry.subject)
    elif endpoint.name in last_answers.KEPT:
        last_answers.keep(_subject(inquiry), response, asked_at_s)
    return _answered(inquiry, response, timezone.now(), keep)


def answer_early(
    inquiry: Inquiry, within_s: float, keep: Callable[[Inquiry], None]
) -> Inquiry | None:
    """Answer with what Tesla said to anybody with this grant moments ago.

    Return None where Tesla must be asked.
    """
    kept = last_answers.find_fresh(_subject(inquiry), within_s)
    if kept is None:
        return None
    at = datetime.fromtimestamp(kept.at_s, UTC)
    return _answered(inquiry, json.loads(kept.body)["response"], at, keep)


def fail(inquiry: Inquiry, error: fleet.FleetError) -> Inquiry:
    """Store an error in words for people, with Tesla's own under `error_code`."""
    if isinstance(error, fleet.Unauthorized):
        _renew_soon(inquiry.grant)
    explanation = fleet_errors.explain(error)
    return _finish(
        inquiry,
        {
            "state": Inquiry.State.FAILED,
            "error_code": (error.code or error.api_code)[:200],
            "error_status": error.status,
            "error_title": explanation.title[:200],
            "error_words": explanation.words,
        },
    )


def due() -> list[Inquiry]:
    """Return the questions to ring for again, after failing those without hope.

    Without hope are those whose worker died twice, and those that nobody picked up
    for ten minutes: their reader has left, and the answer would cost money.
    """
    now = timezone.now()
    running = Inquiry.objects.filter(
        state=Inquiry.State.RUNNING, lease_until__lte=Now()
    )
    waiting = Inquiry.objects.filter(state=Inquiry.State.WAITING)
    running.filter(attempts__gte=MOST_ATTEMPTS).update(
        **_given_up("The work on this was cut off twice. Ask again.")
    )
    waiting.filter(asked_at__lte=now - _TOO_LATE_AFTER).update(
        **_given_up("No worker picked this up in time. Ask again.")
    )
    unheard = waiting.filter(asked_at__lte=now - _UNHEARD_AFTER)
    return [*running.order_by("asked_at"), *unheard.order_by("asked_at")]


def cancel(inquiries: QuerySet[Inquiry]) -> int:
    """End those of the questions that are under way; return how many."""
    under_way = [Inquiry.State.WAITING, Inquiry.State.RUNNING]
    return inquiries.filter(state__in=under_way).update(
        **_given_up("Whoever runs this Keyfob has canceled this. Ask again.")
    )


def forget_old() -> int:
    """Delete questions older than the settings keep them; return how many."""
    oldest = timezone.now() - timedelta(days=settings.INQUIRIES_KEPT_DAYS)
    deleted, _ = Inquiry.objects.filter(asked_at__lt=oldest).delete()
    return deleted


def _answered(
    inquiry: Inquiry,
    response: Any,
    at: datetime,
    keep: Callable[[Inquiry], None] | None,
) -> Inquiry:
    columns = {
        "state": Inquiry.State.ANSWERED,
        "answer": response,
        "answered_at": at,
    }
    with transaction.atomic():
        answered = _finish(inquiry, columns)
        if keep is not None:
            keep(answered)
    return answered


def _stopped(inquiry: Inquiry, now: datetime) -> Inquiry:
    """Store that this month's money is spent; Tesla was not asked."""
    return _finish(
        inquiry,
        {
            "state": Inquiry.State.FAILED,
            "error_code": "monthly_stop",
            "error_title": "This month's money is spent",
            "error_words": spending.why_stopped(now),
        },
    )


def _subject(inquiry: Inquiry) -> last_answers.Subject:
    """Return under which name the answer is kept for programs, too."""
    is_car = inquiry.endpoint == "vehicle_data"
    subject = last_answers.Subject(
        inquiry.grant_id,
        inquiry.subject,
        inquiry.endpoint,
        is_car and inquiry.grant.has(Scope.VEHICLE_LOCATION),
    )
    return subject.whole


def _query(inquiry: Inquiry) -> Mapping[str, str]:
    """Return the query of the call: for vehicle data, every group that is granted.

    Tesla refuses the whole call when a group needs a scope that is missing.
    """
    if inquiry.endpoint != "vehicle_data":
        return {}
    may_locate = inquiry.grant.has(Scope.VEHICLE_LOCATION)
    return {"endpoints": last_answers.all_groups(may_locate=may_locate)}


def _renew_soon(grant: TeslaGrant) -> None:
    """Have the timer renew a token that Tesla refused before its time."""
    TeslaGrant.objects.filter(pk=grant.pk, generation=grant.generation).update(
        next_refresh_at=timezone.now()
    )


def _finish(inquiry: Inquiry, columns: dict[str, Any]) -> Inquiry:
    """Store an end, unless there is one already; return the row as it is."""
    Inquiry.objects.filter(pk=inquiry.pk, state=Inquiry.State.RUNNING).update(
        **{"answered_at": timezone.now(), "lease_until": None, **columns}
    )
    inquiry.refresh_from_db()
    return inquiry


def _given_up(words: str) -> dict[str, Any]:
    return {
        "state": Inquiry.State.FAILED,
        "error_code": "not_answered",
        "error_title": "This was not answered",
        "error_words": words,
        "answered_at": timezone.now(),
        "lease_until": None,
    }
