"""Take turns at a provider: one at a time works on a row, and never for long."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from billing.errors import BeingDone
from billing.models import Checkout, Move, Subscription

# Longer than all calls of one piece of work may take together.
_LEASE = timedelta(seconds=90)


@contextmanager
def lease(row: Checkout | Move | Subscription) -> Iterator[None]:
    """Hold a row for the block, outside of any transaction. Raises `BeingDone`.

    Whoever dies while holding it gives it back by the lease's end.
    """
    rows = type(row)._default_manager.filter(pk=row.pk)  # noqa: SLF001  # Django's documented interface
    now = timezone.now()
    free = rows.filter(Q(lease_until=None) | Q(lease_until__lte=now))
    until = now + _LEASE
    if free.update(lease_until=until) != 1:
        raise BeingDone
    try:
        row.refresh_from_db()
        yield
    finally:
        rows.filter(lease_until=until).update(lease_until=None)
