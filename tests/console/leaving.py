"""Small verbs of the tests about leaving."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from console.models import Deletion
from console.services import deletions

CLIENT = settings.TESLA_CLIENT_ID


def finish(deletion: Deletion) -> Deletion:
    """Do what is left of a deletion, as a worker does; it must be done then."""
    Deletion.objects.filter(pk=deletion.pk).update(lease_until=None)
    later(deletion)
    deletions.run(deletion.pk)
    deletion.refresh_from_db()
    assert deletion.done_at is not None
    return deletion


def later(deletion: Deletion) -> None:
    """Let the pause before the next try, and a dead worker's lease, be over."""
    now = timezone.now()
    Deletion.objects.filter(pk=deletion.pk).update(next_at=now)
    leased = Deletion.objects.filter(pk=deletion.pk, lease_until__isnull=False)
    leased.update(lease_until=now - timedelta(seconds=1))
