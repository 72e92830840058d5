"""The command log: what was commanded, by whom, and what the car answered.

For a page's command the row is the queue. A worker claims it once and sends it at most
once: a worker that dies leaves a lease that ends, and the row then says that nobody
knows whether the command was sent. Commands of programs are recorded after the answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

import fleet
from accounts import audit
from accounts.models import User
from fleet import errors as fleet_errors
from fleet.endpoints import BY_NAME
from tokens.models import AccessToken, TeslaGrant
from vehicles.models import Command, Vehicle
from vehicles.services import vehicles

# Longer than a task may run (settings.CELERY_TASK_TIME_LIMIT).
LEASE = timedelta(seconds=130)
WAKE_UP = "wake_up"
_SECRET = frozenset({"pin", "password", "token"})
_HIDDEN = "hidden"
_MOST_CHARACTERS = 200
# A command this old was not picked up by the bell; one much older is not wanted now.
_UNHEARD_AFTER = timedelta(seconds=5)
_TOO_LATE_AFTER = timedelta(minutes=2)


class NoSuchVehicle(LookupError):
    """Nobody of this user's Tesla accounts sees the car."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One command of a program that is over, to be written to the log.

    `result` and `reason` are the car's, `error_code` and `error_words` say why it has
    none. `grant_id` is the grant it was sent with.
    """

    user_id: UUID
    vin: str
    grant_id: UUID | None
    name: str
    parameters: Mapping[str, Any] = field(repr=False)
    access_token_id: UUID
    access_token_name: str
    client: str
    asked_at: datetime
    duration_ms: int
    result: bool | None = None
    reason: str = ""
    error_code: str = ""
    error_words: str = ""


def ask(
    user: User, vin: str, name: str, parameters: Mapping[str, Any] | None = None
) -> Command:
    """Put a command for a worker to send; return its row. The caller rings for it.

    A button pressed again while the same command is the newest one under way makes no
    second one. Raises `NoSuchVehicle` for a car that the user does not see, and
    ValueError for what is no command, or takes a PIN, which no row may hold.
    """
    endpoint = BY_NAME.get(name)
    if endpoint is None or not (endpoint.is_command or name == WAKE_UP):
        raise ValueError(f"{name!r} is no command.")
    sent = dict(parameters or {})
    if any(sent.get(secret) for secret in _SECRET):
        raise ValueError("What a page has a car do is kept, so it may hold no PIN.")
    access = vehicles.best_access(user, vin)
    if access is None:
        raise NoSuchVehicle(vin)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        last = Command.objects.of(user, vin).under_way().filter(source="page").first()
        if last is not None and (last.name, last.parameters) == (name, sent):
            return last
        return Command.objects.create(
            user=user,
            vehicle=access.vehicle,
            grant=access.grant,
            name=name,
            parameters=sent,
        )


def newest(user: User, vin: str, most: int = 20) -> list[Command]:
    """Return the last commands of a user to a car, the newest first."""
    return list(Command.objects.of(user, vin)[:most])


def claim(pk: UUID | str) -> Command | None:
    """Take a command to send it; None when somebody has, or it came too late."""
    claimed = Command.objects.filter(
        pk=pk,
        state=Command.State.WAITING,
        lease_until=None,
        asked_at__gt=timezone.now() - _TOO_LATE_AFTER,
    ).update(state=Command.State.SENDING, lease_until=Now() + LEASE)
    if not claimed:
        return None
    return Command.objects.select_related("user", "vehicle", "grant").get(pk=pk)


def note_state(command: Command, state: Command.State) -> None:
    """Write how far a claimed command has come, for the page that shows it."""
    Command.objects.filter(pk=command.pk).under_way().update(
        state=state, lease_until=Now() + LEASE
    )


def answered(command: Command, *, result: bool, reason: str) -> Command:
    """Write what the car said; return the row."""
    said = {"state": Command.State.DONE, "result": result, "reason": reason[:200]}
    return _finish(command, said)


def failed(command: Command, error: fleet.FleetError, tried: str = "") -> Command:
    """Write in words for people why there is no answer of the car's; return the row.

    `tried` is what was done to reach the car.
    """
    words = f"{fleet_errors.explain(error).words} {tried}".strip()
    return refused(command, error.api_code, words)


def refused(command: Command, code: str, words: str) -> Command:
    """Write why there is no answer of the car's, by code and words; return the row."""
    ended = {
        "state": Command.State.FAILED,
        "error_code": code[:200],
        "error_words": words,
    }
    return _finish(command, ended)


def record(sent: Iterable[Sent]) -> int:
    """Write commands of programs that are over; return how many.

    Left out are those whose user, car or grant has gone meanwhile. The trail tells, once
    a day, that a token was used for commands.
    """
    batch = list(sent)
    cars = dict(
        Vehicle.objects.filter(vin__in={one.vin for one in batch}).values_list(
            "vin", "pk"
        )
    )
    users = set(
        User.objects.filter(pk__in={one.user_id for one in batch}).values_list(
            "pk", flat=True
        )
    )
    grants = set(
        TeslaGrant.objects.filter(pk__in={one.grant_id for one in batch}).values_list(
            "pk", flat=True
        )
    )
    kept = [
        one
        for one in batch
        if one.vin in cars and one.user_id in users and one.grant_id in grants
    ]
    Command.objects.bulk_create([_row(one, cars[one.vin]) for one in kept])
    # By id: two connections of a program have the same name.
    used = AccessToken.objects.filter(pk__in={one.access_token_id for one in kept})
    for token in used.select_related("user"):
        audit.record_daily(token.user, "token.commanded", subject=token.hint)
    return len(kept)


def due() -> list[Command]:
    """Return the commands to ring for again, after ending those without hope.

    Whose worker died may have been sent: it is never sent again. What nobody picked up
    for two minutes is not sent any more: its person has gone on.
    """
    now = timezone.now()
    Command.objects.under_way().filter(lease_until__lte=Now()).update(
        **_given_up(
            "command_ambiguous",
            "The work on this was cut off, so it is unknown whether the command was"
            " sent. Look at the car before you send it again.",
        )
    )
    waiting = Command.objects.filter(state=Command.State.WAITING, lease_until=None)
    waiting.filter(asked_at__lte=now - _TOO_LATE_AFTER).update(
        **_given_up(
            "not_sent",
            "No worker picked this up in time, so it was not sent. Send it again.",
        )
    )
    unheard = Q(asked_at__lte=now - _UNHEARD_AFTER)
    return list(waiting.filter(unheard).order_by("asked_at"))


def forget_old() -> int:
    """Delete commands older than the settings keep them; return how many."""
    oldest = timezone.now() - timedelta(days=settings.COMMANDS_KEPT_DAYS)
    deleted, _ = Command.objects.filter(asked_at__lt=oldest).delete()
    return deleted


def without_secrets(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the log may hold of a command's body: no PIN, nothing long."""
    return {
        name: _HIDDEN if name in _SECRET and value else _short(value)
        for name, value in parameters.items()
    }


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_MOST_CHARACTERS]
    if isinstance(value, (dict, list)) and len(str(value)) > _MOST_CHARACTERS:
        return "\N{HORIZONTAL ELLIPSIS}"
    return value


def _row(sent: Sent, vehicle_pk: int) -> Command:
    is_done = sent.result is not None
    return Command(
        user_id=sent.user_id,
        vehicle_id=vehicle_pk,
        grant_id=sent.grant_id,
        name=sent.name,
        parameters=without_secrets(sent.parameters),
        source=Command.Source.API,
        access_token_name=sent.access_token_name[:80],
        client=sent.client[:80],
        asked_at=sent.asked_at,
        state=Command.State.DONE if is_done else Command.State.FAILED,
        result=sent.result,
        reason=sent.reason[:200],
        error_code=sent.error_code[:200],
        error_words=sent.error_words,
        duration_ms=sent.duration_ms,
        answered_at=sent.asked_at + timedelta(milliseconds=sent.duration_ms),
    )


def _finish(command: Command, columns: dict[str, Any]) -> Command:
    """Write an end, unless there is one already; return the row as it is."""
    now = timezone.now()
    taken = now - command.asked_at
    Command.objects.filter(pk=command.pk).under_way().update(
        answered_at=now,
        duration_ms=max(0, int(taken.total_seconds() * 1000)),
        lease_until=None,
        **columns,
    )
    command.refresh_from_db()
    return command


def _given_up(code: str, words: str) -> dict[str, Any]:
    return {
        "state": Command.State.FAILED,
        "error_code": code,
        "error_words": words,
        "answered_at": timezone.now(),
        "lease_until": None,
    }
