"""Since when a Tesla account grants a scope or does not: kept in the audit trail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts import audit
from accounts.models import User
from tokens.models import TeslaGrant

LINKED = "grant.linked"
CHANGED = "grant.scopes_changed"
# For so long the dashboard speaks of a scope that was lost.
_NEWS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Change:
    """When a scope was granted or lost; `is_loss` of one that was granted before."""

    at: datetime
    is_loss: bool


History = dict[UUID, dict[str, Change]]
"""For each grant and scope, its newest change."""


def note(grant: TeslaGrant, *, after: Iterable[str]) -> None:
    """Record what a renewed pair may do more or less than the one before."""
    note_change(grant, grant.scopes, after)


def note_change(grant: TeslaGrant, before: Iterable[str], after: Iterable[str]) -> None:
    """Record which scopes a grant lost and gained; nothing where none did."""
    lost = sorted(set(before) - set(after))
    gained = sorted(set(after) - set(before))
    if lost or gained:
        detail = {"grant": str(grant.pk), "lost": lost, "gained": gained}
        audit.record(grant.user, CHANGED, detail=detail)


def history(user: User) -> History:
    """Return the newest change of each scope of a person's grants; costs one query."""
    entries = audit.entries_of(user).filter(action__in=(LINKED, CHANGED))
    found: History = {}
    for detail, at in entries.order_by("pk").values_list("detail", "happened_at"):
        changes = found.setdefault(UUID(detail["grant"]), {})
        for scope in detail.get("scopes", detail.get("gained", [])):
            # A link made again does not make an old grant a new one.
            if changes.get(scope) is None or changes[scope].is_loss:
                changes[scope] = Change(at, is_loss=False)
        for scope in detail.get("lost", []):
            changes[scope] = Change(at, is_loss=True)
    return found


def lost_lately(grant: TeslaGrant, known: History) -> list[str]:
    """Return the scopes that a grant lost within two weeks and still lacks."""
    since = timezone.now() - _NEWS
    return [
        scope
        for scope, change in known.get(grant.pk, {}).items()
        if change.is_loss and change.at > since and not grant.has(scope)
    ]
