"""Questions that a page puts to Tesla: asked by a view, answered by a worker.

The row is the queue. A worker claims it by a conditional update of its lease; a worker
that dies leaves a lease that ends, and the sweep has the question put once more.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
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
from fleet.endpoints import BY_NAME, VEHICLE_DATA_GROUPS, Where
from fleet.scopes import Scope
from tokens.models import Inquiry, TeslaGrant

# Longer than a task may run (settings.CELERY_TASK_TIME_LIMIT).
LEASE = timedelta(seconds=130)
MOST_ATTEMPTS = 2
# A question this old was not picked up by the bell; one much older has no reader.
_UNHEARD_AFTER = timedelta(seconds=5)
_TOO_LATE_AFTER = timedelta(minutes=10)
_LOCATION = "location_data"
_COMBO = "vehicle_data_combo"


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
    path_params = {
        param.name: inquiry.subject for param in endpoint.params_in(Where.PATH)
    }
    try:
        response = client.call(endpoint, path_params, _query(inquiry))
    except fleet.FleetError as error:
        return fail(inquiry, error)
    columns = {"state": Inquiry.State.ANSWERED, "answer": _storable(response)}
    with transaction.atomic():
        answered = _finish(inquiry, columns)
        if keep is not None:
            keep(answered)
    return answered


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


def _query(inquiry: Inquiry) -> Mapping[str, str]:
    """Return the query of the call: for vehicle data, every group that is granted.

    Tesla refuses the whole call when a group needs a scope that is missing.
    """
    if inquiry.endpoint != "vehicle_data":
        return {}
    may_locate = inquiry.grant.has(Scope.VEHICLE_LOCATION)
    groups = (
        group
        for group in VEHICLE_DATA_GROUPS
        if group != _COMBO and (may_locate or group != _LOCATION)
    )
    return {"endpoints": ";".join(groups)}


def _renew_soon(grant: TeslaGrant) -> None:
    """Have the timer renew a token that Tesla refused before its time."""
    TeslaGrant.objects.filter(pk=grant.pk, generation=grant.generation).update(
        next_refresh_at=timezone.now()
    )


def _finish(inquiry: Inquiry, columns: dict[str, Any]) -> Inquiry:
    """Store an end, unless there is one already; return the row as it is."""
    Inquiry.objects.filter(pk=inquiry.pk, state=Inquiry.State.RUNNING).update(
        **columns, answered_at=timezone.now(), lease_until=None
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


def _storable(value: Any) -> Any:
    """Return JSON without what PostgreSQL cannot hold: NUL signs, NaN and infinity."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, float) and not -1e308 <= value <= 1e308:
        return None
    return value
