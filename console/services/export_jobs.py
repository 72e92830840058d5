"""Make an export's file in the background, keep it for a day, remove it.

The row is the queue, as with deletions. The file grows under another name and gets its
own when it is whole, so that nobody downloads half of it.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.services import letters
from console.models import Export
from console.services import archives
from console.services.exporting import sheets

# Longer than a task may run (settings.CELERY_TASK_TIME_LIMIT).
LEASE = timedelta(seconds=130)
KEPT = timedelta(hours=24)
MOST_ATTEMPTS = 3


def ask(user: User) -> Export:
    """Put an export, or return the one that is under way."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        known = Export.objects.filter(user=user).under_way().first()
        return known or Export.objects.create(user=user)


def claim(pk: UUID | str) -> Export | None:
    """Take an export to make it; None when it is made, given up, or somebody has it."""
    now = timezone.now()
    due = Export.objects.due(now).filter(pk=pk)
    if due.filter(attempts__gte=MOST_ATTEMPTS).update(state=Export.State.FAILED):
        return None
    claimed = due.update(
        state=Export.State.RUNNING,
        attempts=F("attempts") + 1,
        lease_until=now + LEASE,
    )
    return Export.objects.select_related("user").get(pk=pk) if claimed else None


def run(pk: UUID | str) -> None:
    """Make the file, unless somebody has; an older file of the user goes."""
    export = claim(pk)
    if export is None:
        return
    rows, size_bytes = _make(export)
    now = timezone.now()
    ready = Export.objects.filter(pk=export.pk, state=Export.State.RUNNING).update(
        state=Export.State.READY,
        ready_at=now,
        expires_at=now + KEPT,
        lease_until=None,
        row_count=rows,
        size_bytes=size_bytes,
    )
    if not ready:
        path_of(export).unlink(missing_ok=True)
        return
    older = Export.objects.filter(user=export.user, state=Export.State.READY)
    for one in older.exclude(pk=export.pk):
        _expire(one)
    _tell(export)


def due(now: datetime) -> list[UUID]:
    """Return the exports that wait, or whose worker died."""
    return list(Export.objects.due(now).values_list("pk", flat=True))


def expire(now: datetime) -> int:
    """Delete the files whose day is over, and those of no export; return how many.

    Their rows go a day later.
    """
    over = list(Export.objects.filter(state=Export.State.READY, expires_at__lte=now))
    for export in over:
        _expire(export)
    Export.objects.filter(asked_at__lte=now - 3 * KEPT).under_way().update(
        state=Export.State.FAILED
    )
    Export.objects.filter(asked_at__lte=now - 3 * KEPT).exclude(
        state=Export.State.READY
    ).delete()
    return len(over) + _sweep()


def cancel(export: Export) -> bool:
    """Give up an export that is under way; return whether it was."""
    return bool(
        Export.objects.filter(pk=export.pk)
        .under_way()
        .update(state=Export.State.FAILED, lease_until=None)
    )


def remove(export: Export) -> int:
    """Delete an export, its file included; return 1."""
    Export.objects.filter(pk=export.pk).delete()
    path_of(export).unlink(missing_ok=True)
    return 1


def newest(user: User) -> Export | None:
    """Return the user's newest export."""
    return Export.objects.filter(user=user).order_by("-asked_at").first()


def ready(user: User, pk: UUID, now: datetime) -> Export | None:
    """Return one of the user's exports whose file can be downloaded now, else None."""
    return Export.objects.filter(
        pk=pk, user=user, state=Export.State.READY, expires_at__gt=now
    ).first()


def path_of(export: Export) -> Path:
    """Return where an export's file is, or will be."""
    return archives.folder(Path(settings.DATA_DIR)) / f"{export.pk}.zip"


def _make(export: Export) -> tuple[int, int]:
    """Write the file, readable by us alone; return its rows and bytes."""
    path = path_of(export)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    growing = path.with_suffix(f".{export.attempts}.part")
    handle = os.open(growing, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w+b") as file:
            rows = archives.write(
                file,
                sheets(export.user),
                whose=str(export.user),
                at=timezone.now(),
                spool=path.parent,
            )
        growing.replace(path)
    finally:
        growing.unlink(missing_ok=True)
        # A worker that was killed could not remove its own.
        for attempt in range(1, export.attempts):
            path.with_suffix(f".{attempt}.part").unlink(missing_ok=True)
    return rows, path.stat().st_size


def _expire(export: Export) -> None:
    Export.objects.filter(pk=export.pk).update(state=Export.State.EXPIRED)
    path_of(export).unlink(missing_ok=True)


def _sweep() -> int:
    """Delete files that no row speaks of, as a crash or a deletion may leave them."""
    # What waits may begin to grow between this look and the next.
    live = set(
        Export.objects.exclude(
            state__in=[Export.State.FAILED, Export.State.EXPIRED]
        ).values_list("pk", flat=True)
    )
    names = {str(pk) for pk in live}
    strays = [
        path
        for path in archives.folder(Path(settings.DATA_DIR)).glob("*")
        if path.name.partition(".")[0] not in names
    ]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(strays)


def _tell(export: Export) -> None:
    """Write that the file is there; where to fetch it, not the file itself."""
    if export.user.email is None:
        return
    letters.send(
        export.user.email,
        "Your export is ready",
        "What this Keyfob keeps of you is packed. Sign in and fetch it within 24 hours:"
        f"\n{settings.PUBLIC_URL}{reverse('console:export')}\n\nIf you did not ask for it, set a"
        " new password at once.\n",
    )
