"""Hold how often each site is polled, for all processes together, in Redis.

While Redis is away nothing may be asked: then nobody could be told either.
"""

import redis

from tokens import shared

LIVE, INFO, HISTORY, SESSIONS = "live", "info", "history", "sessions"
EVERY_S = {LIVE: 60, INFO: 600, HISTORY: 300, SESSIONS: 300}
"""Seconds that pass at least between two questions of a kind about one site."""

_PREFIX = "keyfob:energy:"
_KEPT_S = 3 * 86_400


def may_ask(site_id: int, kind: str) -> bool:
    """Tell whether it falls to us to ask this now; nobody else does for a while."""
    kept_s = EVERY_S[kind]
    return bool(
        shared.ask(
            lambda client: client.set(_key(site_id, kind), 1, nx=True, ex=kept_s)
        )
    )


def rest(site_id: int, seconds: float) -> None:
    """Leave a site alone for so long."""
    kept_ms = max(1, int(seconds * 1000))
    shared.ask(lambda client: client.set(_key(site_id, LIVE), 1, px=kept_ms))


def forget(site_id: int, kind: str) -> None:
    """Let something be asked anew at once."""
    shared.ask(lambda client: client.delete(_key(site_id, kind)))


def note(site_id: int, name: str, text: str) -> None:
    """Keep a short note about a site for the next poll, three days at most."""
    shared.ask(lambda client: client.set(_key(site_id, name), text, ex=_KEPT_S))


def noted(site_id: int, name: str) -> str:
    """Return a note, "" where there is none."""

    def read(client: "redis.Redis") -> object:
        return client.get(_key(site_id, name))

    found = shared.ask(read)
    return found.decode() if isinstance(found, bytes) else ""


def _key(site_id: int, name: str) -> str:
    return f"{_PREFIX}{name}:{site_id}"
