"""Find out what is not running, in words for the person whose page waits for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from redis import Redis, RedisError

from console.models import Heartbeat
from console.tasks import WORKER

LONGEST_SILENCE = timedelta(seconds=60)
_PATIENCE_S = 0.3
_STILL_WORKS = (
    "The pages show what was read before; refreshing, Vehicle Data, Site Info, Live"
    " Status and key checks wait until whoever runs this Keyfob has started it again."
    " The API is not affected."
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Say what is not running, and what that means for the page."""

    title: str
    words: str


def troubles(now: datetime) -> tuple[Trouble, ...]:
    """Return what is not running, the cause first; empty when all is well.

    Costs one query and one ping of at most 0.3 s. Without Redis the worker hears
    nothing either, so only Redis is named then.
    """
    if not _redis_answers(settings.REDIS_URL):
        return (Trouble("Redis does not answer.", _STILL_WORKS),)
    beaten_at = (
        Heartbeat.objects.filter(name=WORKER)
        .values_list("beaten_at", flat=True)
        .first()
    )
    if beaten_at is None or now - beaten_at > LONGEST_SILENCE:
        return (Trouble("The background worker is not running.", _STILL_WORKS),)
    return ()


def _redis_answers(url: str) -> bool:
    try:
        return bool(_redis(url).ping())
    except (RedisError, OSError):
        return False


@cache
def _redis(url: str) -> Redis:
    return Redis.from_url(
        url, socket_connect_timeout=_PATIENCE_S, socket_timeout=_PATIENCE_S
    )
