"""Forget what the console keeps of a user: exports, smaller deletions, admin notes."""

from django.contrib.admin.models import LogEntry
from django.db.models import Q

from accounts.models import User
from accounts.services.batches import delete_in_batches
from console.models import Deletion, Export
from console.services import export_jobs


def forget(user: User) -> dict[str, int]:
    """Delete all that this app keeps of a user; return how many of each kind.

    The deletion of the account itself stays to be finished. Safe to repeat.
    """
    notes = LogEntry.objects.filter(Q(user=user) | Q(object_id=str(user.pk)))
    smaller = Deletion.objects.filter(user=user).exclude(kind=Deletion.Kind.ACCOUNT)
    return {
        "exports": sum(
            export_jobs.remove(export) for export in Export.objects.filter(user=user)
        ),
        "admin notes": delete_in_batches(notes),
        "smaller deletions": delete_in_batches(smaller),
    }
