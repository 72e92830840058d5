"""How events lie in Redis: names of keys, and the one step that writes them.

The step appends each entry to its account's stream and brings the newest values up to
date. A script does both, so that no reader ever finds one without the other, and a
Redis that is full refuses both.
"""

from collections.abc import Iterable
from functools import lru_cache, reduce
from typing import Any, NamedTuple
from uuid import UUID

from events.event import Entry, Topic
from events.shapes import packed_of

SHARDS = 16
STREAMS = 2 * SHARDS
KEPT = 10_000
LASTING = frozenset({Topic.STATE, Topic.ALERTS, Topic.ERRORS, Topic.CREDITS})
"""What is also kept in a stream of its own per shard, where no telemetry crowds it out.

These are the streams from SHARDS on; shard n's is the one numbered SHARDS + n.
"""
_LASTING_KEPT = 50_000
LATEST_KEPT_S = 30 * 24 * 3600
_EXTEND_MS = 3_600_000
Argument = str | bytes | int

# A value in the hash of the newest: when it was born, when it came (both in 13 digits),
# and its JSON. What came is counted in milliseconds, but never twice the same, so that
# a cursor finds all that is newer. The field `came` holds the cursor and, after it, when
# the newest of all signals was born: what is no older needs no look at each of them.
BORN = slice(0, 13)
CAME = slice(13, 26)
VALUE = slice(26, None)
CURSOR = slice(0, 13)

_SCRIPT = """
local call, sub, gmatch = redis.call, string.sub, string.gmatch
local kept = ARGV[1]
local lasting = {LASTING}
local line = '"networkInterface":("[^"]*")'
-- A car changes its network with a new line before the old one ends.
local function ends_another(body, old)
  return string.find(body, '"status":"DISCONNECTED"', 1, true)
    and string.find(old, '"status":"CONNECTED"', 1, true)
    and string.match(body, line) ~= string.match(old, line)
end
for at = 2, #ARGV, 7 do
  local account, product, topic = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local born, body = ARGV[at + 4], ARGV[at + 5]
  local id = call('XADD', 'keyfob:events:' .. ARGV[at], 'MAXLEN', '~', kept, '*',
    'a', account, 'p', product, 't', topic, 'b', body)
  if lasting[topic] then
    call('XADD', 'keyfob:lasting:' .. ARGV[at], 'MAXLEN', '~', LASTING_KEPT, '*',
      'a', account, 'p', product, 't', topic, 'b', body)
  end
  local key = 'keyfob:latest:' .. account .. ':' .. product
  local known = call('HGET', key, 'came')
  local came, newest = sub(id, 1, 13), ''
  if known then
    newest = sub(known, 14)
    if sub(known, 1, 13) >= came then
      came = string.format('%013.0f', sub(known, 1, 13) + 1)
    end
  end
  local stamp, new, size, sure = born .. came, {'came', ''}, 2, false
  if topic == 'data' then
    for name, value in gmatch(ARGV[at + 6], ',"([^\\t]*)":\\t([^\\t]*)') do
      new[size + 1], new[size + 2] = 's:' .. name, stamp .. value
      size = size + 2
    end
    if born >= newest then newest, sure = born, true end
  else
    new[3], new[4], size = 't:' .. topic, stamp .. body, 4
  end
  if not sure and size > 2 then
    local names = {}
    for n = 3, size, 2 do names[#names + 1] = new[n] end
    local old, all = call('HMGET', key, unpack(names)), new
    new, size = {'came', ''}, 2
    for n = 1, #names do
      local is_newer = not old[n] or sub(old[n], 1, 13) <= born
      if is_newer and not (topic == 'connectivity' and old[n] and ends_another(body, old[n])) then
        new[size + 1], new[size + 2] = names[n], all[2 * n + 2]
        size = size + 2
      end
    end
  end
  if size > 2 then
    new[2] = came .. newest
    call('HSET', key, unpack(new))
    if not known or came - sub(known, 1, 13) > EXTEND_MS then
      call('EXPIRE', key, KEPT_S)
    end
  end
end
return 1
"""
_WORDS = {
    "LASTING_KEPT": str(_LASTING_KEPT),
    "LASTING": ", ".join(f"{topic.value} = true" for topic in sorted(LASTING)),
    "KEPT_S": str(LATEST_KEPT_S),
    "EXTEND_MS": str(_EXTEND_MS),
}
SCRIPT = reduce(lambda text, word: text.replace(*word), _WORDS.items(), _SCRIPT)


class Stored(NamedTuple):
    """One entry as it lies in a stream, whose number is `shard`; its ids only grow."""

    id: str
    shard: int
    account_id: UUID
    product: str
    topic: Topic
    body: bytes


def key(number: int) -> str:
    """Return the name of a stream: of a shard's, or of what lasts of it."""
    if number < SHARDS:
        return f"keyfob:events:{number}"
    return f"keyfob:lasting:{number - SHARDS}"


def latest_key(account_id: UUID, product: str) -> str:
    """Return the name of the hash of the newest values."""
    return f"keyfob:latest:{account_id.hex}:{product}"


@lru_cache(65536)
def shard_of(account_id: UUID) -> int:
    """Return which shard holds an account's events."""
    return account_id.int % SHARDS


@lru_cache(65536)
def _uuid(text: bytes) -> UUID:
    return UUID(text.decode())


@lru_cache(65536)
def _place(account_id: UUID) -> tuple[int, str]:
    return shard_of(account_id), account_id.hex


def number(entry_id: str) -> tuple[int, int]:
    """Return an entry's id as what it is compared by."""
    ms, _, place = entry_id.partition("-")
    return int(ms), int(place)


def arguments(entries: Iterable[Entry], kept: int) -> list[Argument]:
    """Return the script's arguments that write these entries."""
    found: list[Argument] = [kept]
    for account_id, event in entries:
        found += _place(account_id)
        found += (
            event.product,
            event.topic.value,
            f"{event.at_ms:013d}",
            event.body,
            packed_of(event),
        )
    return found


# Names and values of a, p, t and b.
_FIELDS = 8
_TOPICS = {topic.value.encode(): topic for topic in Topic}
_NUMBERS = {key(number).encode(): number for number in range(STREAMS)}


def stored(reply: Any) -> list[Stored]:
    """Read the reply to XREAD; an entry that is none of ours is passed over."""
    found: list[Stored] = []
    for name, rows in reply or ():
        shard = _NUMBERS[name]
        for entry_id, fields in rows:
            if len(fields) != _FIELDS or fields[5] not in _TOPICS:
                continue
            found.append(
                Stored(
                    entry_id.decode(),
                    shard,
                    _uuid(fields[1]),
                    fields[3].decode(),
                    _TOPICS[fields[5]],
                    fields[7],
                )
            )
    return found
