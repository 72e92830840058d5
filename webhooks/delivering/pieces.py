"""Data on its way: single pieces, merged per car, and the stream entries behind them."""

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
    """One piece of data for one endpoint; `until_s` is the loop's time of its end."""

    __slots__ = (
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
        self.attempts = 0

    def done(self) -> None:
        """Let go of the entries behind it."""
        for held in self.held:
            held.done()
        self.held = []

    def absorb(self, newer: "Piece") -> None:
        """Become the newer piece, with what only this one says of the same car."""
        if self.topic == "data":
            self.body = _merged(self.body, newer.body)
        else:
            self.body = newer.body
        self.message_id, self.attempts = newer.message_id, newer.attempts
        self.until_s = max(self.until_s, newer.until_s)
        self.held += newer.held
        while len(self.held) > MOST_HELD:
            self.held.pop(0).done()


def name_of(entry: Stored) -> str:
    """Return the name of the message that an entry is; always the same one."""
    at_ms, number = number_of(entry.id)
    return ids.at(at_ms, number, _digest(entry.shard, entry.account_id))


@lru_cache(65536)
def _digest(shard: int, account_id: UUID) -> int:
    return ids.digest_of(f"{shard}/{account_id.hex}")


def _merged(older: bytes, newer: bytes) -> bytes:
    event = orjson.loads(newer)
    event["data"] = {**orjson.loads(older)["data"], **event["data"]}
    return orjson.dumps(event)
