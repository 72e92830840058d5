"""The audit trail: what was done in a person's name, when, and from where.

An entry holds no name, no e-mail address and no full network address: it names an
opaque subject, and `AuditSubject` alone says who that is. Entries are added, never
changed; they go by age (`AUDIT_KEPT_DAYS`).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import HttpRequest  # noqa: TID251  # an entry says where it came from
from django.utils import timezone

from accounts import clients
from accounts.http import client_address
from accounts.models import AuditEntry, AuditEntryQuerySet, AuditSubject, User

_BATCH = 1000


def record(
    user: User | None,
    action: str,
    *,
    subject: str = "",
    detail: Mapping[str, object] | None = None,
    request: HttpRequest | None = None,
) -> AuditEntry:
    """Add an entry about a person, or about the instance itself when there is none.

    `action` is a dotted code; `subject` names what it was done to, `detail` is plain
    JSON. Neither may hold what tells who somebody is.
    """
    return AuditEntry.objects.create(
        subject_id=None if user is None else subject_id_of(user),
        action=action,
        about=subject[:200],
        detail=dict(detail or {}),
        address_prefix=network(request),
        client=client(request),
    )


def record_daily(user: User, action: str, *, subject: str = "") -> None:
    """Add an entry about a person, unless this day (in UTC) holds the same one.

    For what programs do again and again.
    """
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    same = entries_about(user).filter(action=action, about=subject[:200])
    if not same.filter(happened_at__gte=today).exists():
        record(user, action, subject=subject)


def subject_id_of(user: User) -> UUID:
    """Return the opaque id under which a person stands in the trail."""
    subject, _ = AuditSubject.objects.get_or_create(user=user)
    return subject.subject_id


def entries_of(user: User) -> QuerySet[AuditEntry]:
    """Return what is known of a person, newest first; for the owner, of the instance too."""
    if not user.is_superuser:
        return entries_about(user)
    return AuditEntry.objects.filter(
        Q(subject_id__in=_subject(user)) | Q(subject_id=None)
    )


def entries_about(user: User) -> QuerySet[AuditEntry]:
    """Return what was done in a person's own name, newest first."""
    return AuditEntry.objects.filter(subject_id__in=_subject(user))


def _subject(user: User) -> QuerySet[AuditSubject, Any]:
    return AuditSubject.objects.filter(user=user).values("subject_id")


def is_new_place(user: User, request: HttpRequest) -> bool:
    """Tell whether a person never signed in from this network with this program.

    The very first sign-in is no new place: there is nothing to compare it with.
    """
    before = AuditEntry.objects.filter(subject_id=subject_id_of(user), action="sign_in")
    here = before.filter(address_prefix=network(request), client=client(request))
    return before.exists() and not here.exists()


def network(request: HttpRequest | None) -> str:
    """Return the network that a request came from; empty without a request."""
    return "" if request is None else clients.network_of(client_address(request))


def client(request: HttpRequest | None) -> str:
    """Return what the program of a request is; empty without a request."""
    if request is None:
        return ""
    return clients.describe(request.META.get("HTTP_USER_AGENT", ""))


def forget_old(now: datetime) -> int:
    """Delete the entries older than `AUDIT_KEPT_DAYS`, in batches; return how many."""
    oldest = now - timedelta(days=settings.AUDIT_KEPT_DAYS)
    trail = AuditEntryQuerySet(AuditEntry)
    forgotten = 0
    while count := trail.forget_before(oldest, most=_BATCH):
        forgotten += count
    return forgotten
