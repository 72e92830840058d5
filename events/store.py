"""How events lie in Redis: names of keys, and the one step that writes them.

The step appends each entry to its account's stream and brings the newest values up to
date. A script does both, so that no reader ever finds one without the other, and a
Redis that is full refuses both.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from events.event import Entry, Topic
from events.shapes import signals_of

SHARDS = 16
KEPT = 10_000
LATEST_KEPT_S = 30 * 24 * 3600
Argument = str | bytes | int

# A value in the hash of the newest: when it was born, when it came (both in 13 digits),
# and its JSON. What came is counted in milliseconds, but never twice the same, so that
# a cursor finds all that is newer.
BORN = slice(0, 13)
CAME = slice(13, 26)
VALUE = slice(26, None)

SCRIPT = """
local kept, at = ARGV[1], 2
local last = #ARGV
while at <= last do
  local shard, account, product = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local topic, born, body = ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
  local count = tonumber(ARGV[at + 6])
  at = at + 7
  local id = redis.call('XADD', 'keyfob:events:' .. shard, 'MAXLEN', '~', kept, '*',
    'a', account, 'p', product, 't', topic, 'b', body)
  local key = 'keyfob:latest:' .. account .. ':' .. product
  local names, values = {'came'}, {}
  if topic == 'data' then
    for n = 0, count - 1 do
      names[n + 2] = 's:' .. ARGV[at + 2 * n]
      values[n + 2] = ARGV[at + 2 * n + 1]
    end
    at = at + 2 * count
  else
    names[2], values[2] = 't:' .. topic, body
  end
  local known = redis.call('HMGET', key, unpack(names))
  local came = tonumber(string.match(id, '^%d+'))
  if known[1] and tonumber(known[1]) >= came then came = tonumber(known[1]) + 1 end
  came = string.format('%013.0f', came)
  local new, size = {'came', came}, 2
  for n = 2, #names do
    if not known[n] or string.sub(known[n], 1, 13) <= born then
      new[size + 1], new[size + 2] = names[n], born .. came .. values[n]
      size = size + 2
    end
  end
  if size > 2 then
    redis.call('HSET', key, unpack(new))
    redis.call('EXPIRE', key, KEPT_S)
  end
end
return 1
""".replace("KEPT_S", str(LATEST_KEPT_S))


class Stored(NamedTuple):
    """One entry as it lies in the stream; ids of a shard only grow."""

    id: str
    shard: int
    account_id: UUID
    product: str
    topic: Topic
    body: bytes


def key(shard: int) -> str:
    """Return the name of a shard's stream."""
    return f"keyfob:events:{shard}"


def latest_key(account_id: UUID, product: str) -> str:
    """Return the name of the hash of the newest values."""
    return f"keyfob:latest:{account_id.hex}:{product}"


@lru_cache(65536)
def shard_of(account_id: UUID) -> int:
    """Return which shard holds an account's events."""
    return account_id.int % SHARDS


@lru_cache(65536)
def _hex(account_id: UUID) -> str:
    return account_id.hex


@lru_cache(65536)
def _uuid(text: bytes) -> UUID:
    return UUID(text.decode())


def number(entry_id: str) -> tuple[int, int]:
    """Return an entry's id as what it is compared by."""
    ms, _, place = entry_id.partition("-")
    return int(ms), int(place)


def arguments(entries: Iterable[Entry], kept: int) -> list[Argument]:
    """Return the script's arguments that write these entries."""
    found: list[Argument] = [kept]
    for entry in entries:
        event = entry.event
        signals = signals_of(event)
        account = entry.account_id
        found += (
            shard_of(account),
            _hex(account),
            event.product,
            event.topic.value,
            f"{event.at_ms:013d}",
            event.body,
            len(signals),
        )
        for signal in signals:
            found += signal
    return found


# Names and values of a, p, t and b.
_FIELDS = 8
_TOPICS = {topic.value.encode(): topic for topic in Topic}
_SHARDS = {key(shard).encode(): shard for shard in range(SHARDS)}


def stored(reply: Any) -> list[Stored]:
    """Read the reply to XREAD; an entry that is none of ours is passed over."""
    found: list[Stored] = []
    for name, rows in reply or ():
        shard = _SHARDS[name]
        for number, fields in rows:
            if len(fields) != _FIELDS or fields[5] not in _TOPICS:
                continue
            found.append(
                Stored(
                    number.decode(),
                    shard,
                    _uuid(fields[1]),
                    fields[3].decode(),
                    _TOPICS[fields[5]],
                    fields[7],
                )
            )
    return found
