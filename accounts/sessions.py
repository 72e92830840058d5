"""Sessions in the database that end by age, however busy they are.

A session ends `SESSION_COOKIE_AGE` after its last use and `SESSION_ABSOLUTE_AGE` after
its sign-in. Both are checked where the session is read, so that a page which needs no
session costs no query. Source: ASVS 5.0 V7.3.1, V7.3.2.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends import db
from django.dispatch import receiver
from django.http import HttpRequest  # noqa: TID251  # Django's signal brings it
from django.utils import timezone

_SIGNED_IN_AT = "signed_in_at"
_SEEN_AT = "seen_at"
# Use is noted once in so many seconds: a write at each page would cost too much.
_SEEN_EVERY_S = 24 * 3600


class SessionStore(db.SessionStore):
    """Django's database sessions, less those that are too old."""

    def load(self) -> dict[str, Any]:
        """Return what the session holds; nothing when its sign-in is too long ago."""
        return self._aged(super().load())

    async def aload(self) -> dict[str, Any]:
        """Do what `load` does, for asynchronous views."""
        return self._aged(await super().aload())

    def _aged(self, content: dict[str, Any]) -> dict[str, Any]:
        if SESSION_KEY not in content:
            return content
        now = timezone.now().timestamp()
        if now - content.get(_SIGNED_IN_AT, 0) > settings.SESSION_ABSOLUTE_AGE:
            # Without its key the store begins a new session at the next write; the
            # old row can no longer sign anybody in and goes when it expires.
            self._session_key = None
            return {}
        if now - content.get(_SEEN_AT, content[_SIGNED_IN_AT]) > _SEEN_EVERY_S:
            content[_SEEN_AT] = now
            self.modified = True
        return content


@receiver(user_logged_in)
def _note_sign_in(request: HttpRequest, **_kwargs: object) -> None:
    """Write down when this session's person proved who they are."""
    request.session[_SIGNED_IN_AT] = timezone.now().timestamp()
