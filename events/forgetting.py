"""Forget what lies in the streams: what is old, and what somebody was told.

A stream drops its oldest entries as new ones come (`events.store`); where few come, that
takes months.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import redis

from events.errors import Unavailable
from events.store import SHARDS, STREAMS, key, shard_of

KEPT_S = 24 * 3600
"""As long as data may wait for a webhook at most."""
LASTING_KEPT_S = 7 * 24 * 3600
"""For so long webhooks may be off, and miss nothing that lasts."""
_PAGE = 500
# Bodies stay in Redis: the ids of an account's entries and their products are enough.
_SCRIPT = """
local last, found = '', {}
local rows = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[3], 'COUNT', ARGV[4])
for _, row in ipairs(rows) do
  last = row[1]
  if row[2][2] == ARGV[1] then
    found[#found + 1] = {row[1], row[2][4]}
  end
end
return {last, found}
"""


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


def forget(
    client: redis.Redis, account_id: UUID, is_lost: Callable[[str], bool]
) -> None:
    """Drop what an account was told of the products that it has lost.

    Looks through its shard up to what is newest now, a page at a time. Safe to repeat.
    Raises `Unavailable`.
    """
    shard = shard_of(account_id)
    try:
        for name in (key(shard), key(SHARDS + shard)):
            _forget_in(client, name, account_id, is_lost)
    except (redis.RedisError, OSError) as error:
        raise Unavailable(type(error).__name__) from error


def _forget_in(
    client: redis.Redis, name: str, account_id: UUID, is_lost: Callable[[str], bool]
) -> None:
    newest: Any = client.xrevrange(name, count=1)
    if not newest:
        return
    end, after = newest[0][0].decode(), "-"
    find = client.register_script(_SCRIPT)
    while True:
        found: Any = find(keys=[name], args=[account_id.hex, after, end, _PAGE])
        last, rows = found
        lost = [entry_id for entry_id, product in rows if is_lost(product.decode())]
        if lost:
            client.xdel(name, *lost)
        if not last:
            return
        after = f"({last.decode()}"
