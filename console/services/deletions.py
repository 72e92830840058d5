"""Delete an account, a Tesla account, a car or a site: a chain that no crash breaks.

The rows are the queue. A worker claims a deletion by a conditional update of its lease
and does the waiting steps in order; each can be done again. Whatever interrupts it, the
next sweep finds the row and goes on where it stopped.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import crypto
from accounts.models import User
from accounts.services import ending
from console.models import Deletion, DeletionStep
from console.services import chains, stopping
from console.services.receipts import EMAIL
from tokens.services import grants

# Longer than a task may run (settings.CELERY_TASK_TIME_LIMIT).
LEASE = timedelta(seconds=130)
# For so long Tesla may be away before a person's data are deleted all the same.
PATIENCE = timedelta(hours=24)
_SHORTEST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(hours=1)


def ask(user: User, kind: str, subject: str = "") -> Deletion:
    """Put a deletion, or return the same one that is under way.

    An account is switched off here and now, whatever becomes of the rest. Raises
    `grants.OnlyWayIn` for the Tesla account without which nobody could sign in.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        same = Deletion.objects.open().filter(user=user, kind=kind, subject=subject)
        known = same.first()
        if known is not None:
            return known
        if kind == Deletion.Kind.GRANT:
            grants.check_way_in(user, subject)
        deletion = Deletion(user=user, kind=kind, subject=subject)
        if kind == Deletion.Kind.ACCOUNT:
            if user.email:
                context = crypto.context_of(deletion, EMAIL)
                deletion.email_sealed = crypto.seal(user.email, context=context)
            ending.lock_out(user)
        deletion.save(force_insert=True)
        DeletionStep.objects.bulk_create(_steps(deletion))
    return deletion


def run(pk: UUID | str) -> None:
    """Do what is left of a deletion, unless somebody else does or it must wait."""
    deletion = claim(pk)
    if deletion is None:
        return
    if deletion.kind == Deletion.Kind.ACCOUNT and deletion.user is not None:
        # Somebody may have let the person in again since.
        ending.lock_out(deletion.user)
    try:
        for step in _waiting(deletion):
            _hold(deletion)
            _do(deletion, step)
    except stopping.TryLater as error:
        _put_off(deletion, str(error))
    except Exception as error:
        _put_off(deletion, type(error).__name__)
        raise
    else:
        _finish(deletion)


def claim(pk: UUID | str) -> Deletion | None:
    """Take a deletion; None when it is done, must wait, or somebody has it."""
    now = timezone.now()
    claimed = (
        Deletion.objects.due(now)
        .filter(pk=pk)
        .update(lease_until=now + LEASE, attempts=F("attempts") + 1)
    )
    if not claimed:
        return None
    return Deletion.objects.select_related("user").get(pk=pk)


def due(now: datetime) -> list[UUID]:
    """Return the deletions to go on with."""
    return list(Deletion.objects.due(now).values_list("pk", flat=True))


def retry(deletion: Deletion) -> bool:
    """Let a deletion that waits go on at once; return whether it did wait."""
    return bool(
        Deletion.objects.open()
        .filter(pk=deletion.pk, lease_until=None)
        .update(next_at=timezone.now())
    )


def forget_old(now: datetime) -> int:
    """Delete what is left of finished deletions after their time; return how many."""
    oldest = now - timedelta(days=settings.DELETIONS_KEPT_DAYS)
    deleted, _ = Deletion.objects.filter(done_at__lt=oldest).delete()
    return deleted


def _steps(deletion: Deletion) -> list[DeletionStep]:
    planned = [
        (work, about)
        for work in chains.CHAINS[deletion.kind]
        for about in work.plan(deletion)
    ]
    return [
        DeletionStep(
            deletion=deletion,
            position=position,
            action=work.action,
            subject=about.subject,
            label=about.label,
        )
        for position, (work, about) in enumerate(planned)
    ]


def _waiting(deletion: Deletion) -> list[DeletionStep]:
    waiting = deletion.steps.filter(state=DeletionStep.State.WAITING)
    return list(waiting.order_by("position"))


def _hold(deletion: Deletion) -> None:
    """Lengthen the lease: a step may take as long as a whole task."""
    Deletion.objects.filter(pk=deletion.pk).update(lease_until=timezone.now() + LEASE)


def _do(deletion: Deletion, step: DeletionStep) -> None:
    step.deletion = deletion
    try:
        outcome = chains.work_of(deletion, step).do(step)
    except stopping.TryLater as error:
        if timezone.now() < deletion.asked_at + PATIENCE:
            raise
        words = (
            f"There was no answer for {PATIENCE // timedelta(hours=1)} hours: {error}."
        )
        outcome = chains.Outcome(state=DeletionStep.State.NOT_DONE, words=words)
    DeletionStep.objects.filter(pk=step.pk).update(
        state=outcome.state,
        counts=dict(outcome.counts),
        words=outcome.words,
        done_at=timezone.now(),
    )


def _put_off(deletion: Deletion, words: str) -> None:
    """Give the lease back; the next try comes later, doubled each time."""
    pause = min(_SHORTEST_PAUSE * (1 << min(deletion.failures, 10)), _LONGEST_PAUSE)
    Deletion.objects.filter(pk=deletion.pk).update(
        lease_until=None,
        failures=F("failures") + 1,
        last_error=words[:200],
        next_at=timezone.now() + pause,
    )


def _finish(deletion: Deletion) -> None:
    """Note the end, and empty whatever still names a person."""
    with transaction.atomic():
        deletion.steps.update(subject="", label="")
        Deletion.objects.filter(pk=deletion.pk).update(
            user=None,
            subject="",
            email_sealed="",
            lease_until=None,
            last_error="",
            done_at=timezone.now(),
        )
