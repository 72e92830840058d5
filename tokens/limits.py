"""Count calls within the last minute, for all processes together.

A window is a Redis hash: second → calls counted in it. One script sums it up and takes a
lease of some calls out of what is free, atomically; so processes together never pass a
limit. A lease is a sixty-fourth of what is free: single calls where the limit is
small, and few questions to Redis where it is large. What is not used is given back.
"""

from dataclasses import dataclass, field

WINDOW_S = 60
PREFIX = "keyfob:calls:"
# Seconds leave the window whole, so a limit holds to the second.
SCRIPT = """
local slot, limit, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local back = tonumber(ARGV[5])
if back > 0 and redis.call('HEXISTS', KEYS[1], ARGV[4]) == 1 then
  redis.call('HINCRBY', KEYS[1], ARGV[4], -back)
end
local used, oldest = 0, slot
local counted = redis.call('HGETALL', KEYS[1])
for i = 1, #counted, 2 do
  local second, calls = tonumber(counted[i]), tonumber(counted[i + 1])
  if second <= slot - window then
    redis.call('HDEL', KEYS[1], counted[i])
  else
    used = used + calls
    if calls > 0 and second < oldest then oldest = second end
  end
end
local free = limit - used
if free < 1 then return {0, oldest + window} end
local lease = math.max(1, math.floor(free / 64))
redis.call('HINCRBY', KEYS[1], ARGV[1], lease)
redis.call('EXPIRE', KEYS[1], window + 1)
return {lease, 0}
"""
"""Take a lease. KEYS: the window. ARGV: this second, limit, length of the window, the
second of an older lease, and how much of it was not used. Returns the calls leased, or 0
and the second in which a call will be free again."""


@dataclass(slots=True)
class Window:
    """The calls that this process counted, by second; what holds when Redis is away."""

    calls: dict[int, int] = field(default_factory=dict)

    def count(self, slot: int) -> None:
        """Count one call in a second."""
        self.calls[slot] = self.calls.get(slot, 0) + 1

    def free_at(self, slot: int, limit: int) -> int:
        """Return the second in which a call is free: this one, or a later one."""
        self.forget(slot)
        if sum(self.calls.values()) < limit:
            return slot
        return min(self.calls) + WINDOW_S

    def forget(self, slot: int) -> None:
        """Forget the seconds that have left the window."""
        for second in [one for one in self.calls if one <= slot - WINDOW_S]:
            del self.calls[second]
