"""Keep what a car has to send until the server has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from uuid import uuid4

from tesla_protocol.telemetry.vehicle_data_pb2 import Payload

from simulator.streaming.envelope import Message
from simulator.streaming.records import Record

CAPACITY = 5000


@dataclass(slots=True)
class Pending:
    """Hold one message; `tries` counts how often it was sent, last at `sent_s`."""

    txid: bytes
    topic: bytes
    record: Record
    created_s: int
    tries: int = 0
    is_waiting: bool = True
    sent_s: float = 0.0

    def message(self, vin: str) -> Message:
        """Return the message as it goes out next; a repeated one says so."""
        if isinstance(self.record, Payload) and self.tries:
            self.record.is_resend = True
        payload = self.record.SerializeToString()
        return Message(self.txid, self.topic, vin, payload, self.created_s)


class Outbox:
    """Hold at most `capacity` messages; the oldest make room for new ones.

    When `keeps_sent`, a message stays until it is acknowledged, and is sent again on
    the next connection; else it is gone once sent.
    """

    def __init__(self, *, keeps_sent: bool, capacity: int = CAPACITY) -> None:
        self.dropped = 0
        self._keeps_sent = keeps_sent
        self._capacity = capacity
        self._kept: dict[bytes, Pending] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, topic: bytes, record: Record, at_s: float) -> Pending:
        """Take one more message."""
        while len(self._kept) >= self._capacity:
            del self._kept[next(iter(self._kept))]
            self.dropped += 1
        pending = Pending(str(uuid4()).encode(), topic, record, int(at_s))
        self._kept[pending.txid] = pending
        return pending

    def waiting(self) -> Iterator[Pending]:
        """Yield what is to be sent now, oldest first."""
        for pending in list(self._kept.values()):
            if pending.is_waiting and pending.txid in self._kept:
                yield pending

    def sent(self, pending: Pending) -> None:
        """Note that a message has left."""
        pending.tries += 1
        pending.sent_s = monotonic()
        pending.is_waiting = False
        if not self._keeps_sent:
            self._kept.pop(pending.txid, None)

    def acknowledge(self, txid: bytes, topic: bytes) -> bool:
        """Let go of a message; False when it is not, or no longer, here."""
        known = self._kept.get(txid)
        if known is None or known.topic != topic:
            return False
        del self._kept[txid]
        return True

    def repeat(self, after_s: float = 0.0) -> None:
        """Have sent again what was not acknowledged so many seconds after it was."""
        for pending in self._kept.values():
            if monotonic() - pending.sent_s >= after_s:
                pending.is_waiting = True
