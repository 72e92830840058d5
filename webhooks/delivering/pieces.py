"""Data on its way: single pieces, merged per car, and the stream entries behind them."""

from collections.abc import Iterable
from functools import lru_cache
from uuid import UUID

import orjson

from events.store import Stored, number as number_of
from webhooks import ids
from webhooks.delivering.acks import Acks

MOST_HELD = 100


class Held:
    """One entry of a stream that is confirmed when all who wanted it are done."""

    __slots__ = ("_acks", "_count", "_entry_id", "_shard")

    def __init__(self, acks: Acks, entry: Stored, count: int) -> None:
        self._acks, self._count = acks, count
        self._shard, self._entry_id = entry.shard, entry.id

    def done(self) -> None:
        """Note that one of them is done with it."""
        self._count -= 1
        if not self._count:
            self._acks.add(self._shard, self._entry_id)


class Piece:
    """One piece of data for one endpoint; `until_s` is the loop's time of its end.

    Of several that were merged each field ends when the piece would have that told it.
    """

    __slots__ = (
        "_ends_s",
        "attempts",
        "body",
        "held",
        "message_id",
        "product",
        "topic",
        "until_s",
    )

    def __init__(
        self, entry: Stored, message_id: str, topic: str, held: Held, until_s: float
    ) -> None:
        self.message_id, self.topic = message_id, topic
        self.product = entry.product
        self.body = entry.body
        self.held = [held]
        self.until_s = until_s
        # By field, of merged pieces alone.
        self._ends_s: dict[str, float] | None = None
        self.attempts = 0

    def done(self) -> None:
        """Let go of the entries behind it."""
        for held in self.held:
            held.done()
        self.held = []

    def absorb(self, newer: "Piece") -> None:
        """Become the newer piece, with what only this one says of the same car."""
        if self.topic == "data":
            self._merge(newer)
        else:
            self.body = newer.body
            self.until_s = max(self.until_s, newer.until_s)
        self.message_id, self.attempts = newer.message_id, newer.attempts
        self.held += newer.held
        while len(self.held) > MOST_HELD:
            self.held.pop(0).done()

    def ends_s(self, fields: Iterable[str]) -> dict[str, float]:
        """Return when each of its fields ends, in the loop's time."""
        if self._ends_s is None:
            return dict.fromkeys(fields, self.until_s)
        return self._ends_s

    def age(self, now_s: float) -> bool:
        """Leave out the fields whose time is over; tell whether there were any."""
        if self._ends_s is None or min(self._ends_s.values()) > now_s:
            return False
        self._ends_s = {
            name: end_s for name, end_s in self._ends_s.items() if end_s > now_s
        }
        event = orjson.loads(self.body)
        event["data"] = {name: event["data"][name] for name in self._ends_s}
        self.body = orjson.dumps(event)
        return True

    def _merge(self, newer: "Piece") -> None:
        older, event = orjson.loads(self.body)["data"], orjson.loads(newer.body)
        ends_s = {**self.ends_s(older), **newer.ends_s(event["data"])}
        event["data"] = {**older, **event["data"]}
        self.body = orjson.dumps(event)
        self.until_s = max(ends_s.values(), default=newer.until_s)
        # One without any field has no end but its own.
        self._ends_s = ends_s or None


def name_of(entry: Stored) -> str:
    """Return the name of the message that an entry is; always the same one."""
    at_ms, number = number_of(entry.id)
    return ids.at(at_ms, number, _digest(entry.shard, entry.account_id))


@lru_cache(65536)
def _digest(shard: int, account_id: UUID) -> int:
    return ids.digest_of(f"{shard}/{account_id.hex}")
