"""What an export holds of the account itself, and what an export is made of.

Each app lists its own sheets with `exports(user)`, in `services/exporting.py`. Nothing
in a sheet opens anything: no token, no hash of one, no sealed text, no link.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit
from accounts.models import Invitation, Letter, User

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Sheet:
    """Hold one table: rows as tuples in the order of the columns, read once.

    Values are texts, numbers, truth values, times, None, and what JSON can hold.
    `name` becomes the name of a file, `about` a line of the README.
    """

    name: str
    about: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[Any, ...]]


def sheet(name: str, about: str, rows: QuerySet[Any], columns: dict[str, str]) -> Sheet:
    """Return a sheet of database rows, streamed; `columns` maps its names to fields."""
    streamed = rows.values_list(*columns.values()).iterator(chunk_size=CHUNK)
    return Sheet(name, about, tuple(columns), streamed)


def exports(user: User) -> Iterator[Sheet]:
    """Yield what this app keeps of a user."""
    yield sheet(
        "account",
        "your account here",
        User.objects.filter(pk=user.pk),
        {
            "id": "id",
            "email": "email",
            "name": "name",
            "units": "units",
            "is_owner": "is_superuser",
            "is_support_staff": "is_staff",
            "joined_at": "joined_at",
            "last_signed_in_at": "last_login",
        },
    )
    yield sheet(
        "email_addresses",
        "your e-mail addresses, and whether they are proven",
        EmailAddress.objects.filter(user=user).order_by("pk"),
        {"email": "email", "is_verified": "verified", "is_primary": "primary"},
    )
    yield sheet(
        "letters",
        "letters to you that wait for the owner; their text may open your account and"
        " is left out",
        Letter.objects.filter(_to(user)).order_by("written_at"),
        {"to": "to", "subject": "subject", "written_at": "written_at"},
    )
    yield Sheet(
        "sessions",
        "the browsers in which you are signed in",
        ("signed_in_at", "expires_at", "address", "program"),
        _sessions(user),
    )
    yield sheet(
        "second_factors",
        "your passkeys, authenticator app and recovery codes: that you have them, not"
        " what they are",
        Authenticator.objects.filter(user=user).order_by("pk"),
        {"type": "type", "created_at": "created_at", "last_used_at": "last_used_at"},
    )
    yield Sheet(
        "invitations",
        "the invitation by which you came, and those that you wrote; whom you wrote to"
        " is left out",
        ("email", "role", "invited_at", "expires_at", "accepted_at"),
        _invitations(user),
    )
    yield sheet(
        "activity",
        "what was done in your name, and from which network",
        audit.entries_about(user).order_by("happened_at", "pk"),
        {
            "happened_at": "happened_at",
            "action": "action",
            "about": "about",
            "detail": "detail",
            "network": "address_prefix",
            "program": "client",
        },
    )


def _to(user: User) -> Q:
    """Return the query of letters to any of the person's own addresses."""
    own = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    query = Q(pk__in=[])
    for address in {user.email or "", *own} - {""}:
        query |= Q(to__iexact=address)
    return query


def _invitations(user: User) -> Iterator[tuple[Any, ...]]:
    rows = Invitation.objects.filter(Q(member=user) | Q(invited_by=user))
    for row in rows.order_by("invited_at", "pk").iterator(chunk_size=CHUNK):
        email = row.email if row.member_id == user.pk else ""
        yield email, row.role, row.invited_at, row.expires_at, row.accepted_at


def _sessions(
    user: User,
) -> Iterator[tuple[datetime | None, datetime, str, str]]:
    noted = {one.session_key: one for one in UserSession.objects.filter(user=user)}
    live = Session.objects.filter(expire_date__gt=timezone.now()).order_by("pk")
    for session in live.iterator(chunk_size=CHUNK):
        content = session.get_decoded()
        if content.get(SESSION_KEY) == str(user.pk):
            at = content.get("signed_in_at")
            place = noted.get(session.pk)
            yield (
                at and datetime.fromtimestamp(at, UTC),
                session.expire_date,
                place.ip if place else "",
                place.user_agent if place else "",
            )
