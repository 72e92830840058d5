"""End what a user has open, and shut the door behind it."""

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.models import User
from accounts.services.batches import delete_in_batches


def lock_out(user: User) -> None:
    """Suspend a user for good: no password, no rank, so that no link opens it again.

    From now on they are leaving, and nobody lets them in again.
    """
    user.set_unusable_password()
    columns = {
        "is_active": False,
        "is_staff": False,
        "is_superuser": False,
        "leaving_at": user.leaving_at or timezone.now(),
    }
    User.objects.filter(pk=user.pk).update(password=user.password, **columns)
    for column, value in columns.items():
        setattr(user, column, value)


def end_sessions(user: User, *, but: str | None = None) -> int:
    """Delete the user's sessions, but the one with this key; return how many there were.

    Who a session belongs to stands inside it, so each one has to be read.
    """
    theirs = [
        session.pk
        for session in Session.objects.order_by("pk").iterator(chunk_size=500)
        if session.pk != but and session.get_decoded().get(SESSION_KEY) == str(user.pk)
    ]
    noted = UserSession.objects.filter(user=user).exclude(session_key=but or "")
    delete_in_batches(noted)
    return sum(
        delete_in_batches(Session.objects.filter(pk__in=theirs[start : start + 500]))
        for start in range(0, len(theirs), 500)
    )
