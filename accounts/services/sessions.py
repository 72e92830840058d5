"""The places where a person is signed in, and ending them."""

from collections.abc import Iterable

from allauth.usersessions.models import UserSession

from accounts.models import User
from accounts.services import ending


def alive(user: User) -> list[UserSession]:
    """Return the person's sessions, newest first; rows of ended ones are removed."""
    found: list[UserSession] = UserSession.objects.purge_and_list(user)
    return sorted(found, key=lambda session: session.created_at, reverse=True)


def end(sessions: Iterable[UserSession]) -> int:
    """End sessions: their cookies open nothing from now on. Return how many."""
    count = 0
    for session in sessions:
        session.end()
        count += 1
    return count


def end_all(user: User, *, but: str | None = None) -> int:
    """End the person's sessions, but the one with this key; return how many.

    Those that are not on the list, too.
    """
    return ending.end_sessions(user, but=but)
