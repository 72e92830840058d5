"""Forget what lies in the streams: what is old.

A stream drops its oldest entries as new ones come (`events.store`); where few come, that
takes months.
"""

from typing import Any

import redis

from events.errors import Unavailable
from events.store import SHARDS, STREAMS, key

KEPT_S = 24 * 3600
"""As long as data may wait for a webhook at most."""
LASTING_KEPT_S = 7 * 24 * 3600
"""For so long webhooks may be off, and miss nothing that lasts."""


def forget_old(client: redis.Redis) -> None:
    """Drop what is older than anybody who reads the streams needs.

    Nothing older is left, not even a part of a block, which trimming by about so many
    entries would leave on a small instance for ever. Raises `Unavailable`.
    """
    try:
        now: Any = client.time()
        for number in range(STREAMS):
            kept_s = KEPT_S if number < SHARDS else LASTING_KEPT_S
            oldest_ms = (now[0] - kept_s) * 1000
            client.xtrim(key(number), minid=oldest_ms, approximate=False)
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error
