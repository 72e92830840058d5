"""Find out what is not running, in words for the person whose page waits for it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from django.conf import settings
from redis import Redis

from console.models import Heartbeat
from console.tasks import WORKER
from events import alive
from events.errors import Unavailable

DELIVERER = "deliverer"
LONGEST_SILENCE = timedelta(seconds=60)
_PATIENCE_S = 0.3
_STILL_WORKS = (
    "The pages show what was read before; refreshing, Vehicle Data, Site Info, Live"
    " Status and key checks wait until whoever runs this Keyfob has started it again."
    " The API is not affected."
)


_CARS_KEEP = (
    "Cars keep what they measure, up to 5000 messages each, and send it when whoever runs"
    " this Keyfob has started it again. Until then live values stand still."
)
_EVENTS_WAIT = (
    "Events wait, and go out when whoever runs this Keyfob has started it again; single"
    " values that are too old by then are left out."
)
_PROCESSES = {
    WORKER: ("The background worker is not running.", _STILL_WORKS),
    alive.RECEIVER: ("The receiver of telemetry is not running.", _CARS_KEEP),
    DELIVERER: ("The deliverer of webhooks is not running.", _EVENTS_WAIT),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Say what is not running, and what that means for the page."""

    title: str
    words: str


def troubles(now: datetime) -> tuple[Trouble, ...]:
    """Return what is not running, the cause first; empty when all is well.

    Costs one query and one question to Redis of at most 0.3 s. Without Redis nobody
    hears anything, so only Redis is named then. A receiver or deliverer is missed once
    it has run: not every Keyfob has them.
    """
    heard_at = processes()
    if heard_at is None:
        return (Trouble("Redis does not answer.", _STILL_WORKS),)
    return tuple(
        Trouble(*said)
        for name, said in _PROCESSES.items()
        if (name == WORKER or name in heard_at) and _is_silent(heard_at.get(name), now)
    )


def missing(name: str, now: datetime) -> tuple[Trouble, ...]:
    """Return whether one process, by its name, is not running; never run counts.

    Without Redis only Redis is named.
    """
    heard_at = processes()
    if heard_at is None:
        return (Trouble("Redis does not answer.", _STILL_WORKS),)
    silent = _is_silent(heard_at.get(name), now)
    return (Trouble(*_PROCESSES[name]),) if silent else ()


def processes() -> dict[str, datetime] | None:
    """Return when the worker, the receiver and the deliverer were last heard of.

    One that never was is not in it; None while Redis is away. One query.
    """
    try:
        found = alive.beats(_redis(settings.REDIS_URL))
    except Unavailable:
        return None
    in_redis = {name: datetime.fromtimestamp(at_s, UTC) for name, at_s in found.items()}
    return in_redis | dict(Heartbeat.objects.values_list("name", "beaten_at"))


def _is_silent(heard_at: datetime | None, now: datetime) -> bool:
    return heard_at is None or now - heard_at > LONGEST_SILENCE


@cache
def _redis(url: str) -> Redis:
    return Redis.from_url(
        url, socket_connect_timeout=_PATIENCE_S, socket_timeout=_PATIENCE_S
    )
