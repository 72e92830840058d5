"""Ask Redis from a worker or a page, and never wait for one that is away.

Nothing in Redis is the truth: whoever asks must do well without an answer.
"""

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
WITHIN_S = 0.3
AWAY_S = 2.0

_away_until_s = {"": 0.0}


def ask(question: Callable[["redis.Redis"], _T]) -> _T | None:
    """Return what Redis answers, None while it is away; then it is left alone a while."""
    now_s = time.monotonic()
    url = settings.REDIS_URL
    if now_s < _away_until_s.get(url, 0.0):
        return None
    try:
        return question(_client(url))
    except (redis.RedisError, OSError) as error:
        _away_until_s[url] = now_s + AWAY_S
        _LOG.warning("Redis is away: %s", type(error).__name__)
        return None


def options() -> dict[str, Any]:
    """Return how to connect: in a moment or not at all."""
    return {
        "socket_timeout": WITHIN_S,
        "socket_connect_timeout": WITHIN_S,
        "retry_on_error": [],
    }


@cache
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, **options(), retry=Retry(NoBackoff(), 0))
