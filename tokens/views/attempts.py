"""Attempts to sign in at Tesla, kept in the session until the person comes back.

The `state` of an attempt is a secret of this browser's session: a callback that was
started elsewhere brings one that the session does not know. It works once, for ten
minutes, and for the user (or nobody) who was signed in at the start.
"""

import secrets
import time
from dataclasses import asdict, dataclass, replace

from django.http import HttpRequest

_KEY = "tesla_attempts"
_LIFE_S = 600
_MOST = 5


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to Tesla and back: where to go afterwards, and who set out when.

    `may_link`: whoever set out had just shown who they are, so that a Tesla account
    which is new to them may become a way in. `invitation` is the secret of the
    invitation that is to be accepted.
    """

    next: str
    login_again: bool
    may_link: bool = False
    invitation: str = ""
    nonce: str = ""
    user: str = ""
    started_s: float = 0.0


def start(request: HttpRequest, attempt: Attempt) -> tuple[str, str]:
    """Keep an attempt in the session; return its state and nonce."""
    state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    kept = replace(attempt, nonce=nonce, user=_user(request), started_s=time.time())
    attempts = request.session.get(_KEY, {})
    newest = dict(list(attempts.items())[-(_MOST - 1) :])
    request.session[_KEY] = newest | {state: asdict(kept)}
    return state, nonce


def finish(request: HttpRequest, state: str) -> Attempt | None:
    """Take the attempt that a callback belongs to; None when there is none."""
    attempts = request.session.get(_KEY, {})
    found = attempts.pop(state, None)
    if found is None:
        return None
    request.session[_KEY] = attempts
    attempt = Attempt(**found)
    is_late = not 0 <= time.time() - attempt.started_s <= _LIFE_S
    return None if is_late or attempt.user != _user(request) else attempt


def _user(request: HttpRequest) -> str:
    return str(request.user.pk) if request.user.is_authenticated else ""
