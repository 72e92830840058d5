"""Pieces that are merged while an endpoint fails: nothing outlives its time."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import pytest

from events import shapes
from events.event import Topic
from events.store import Stored
from tests.webhooks.running import VIN, run, until
from tests.webhooks.test_sender import target
from webhooks.deliverer import _now
from webhooks.delivering import lanes
from webhooks.delivering.acks import Acks
from webhooks.delivering.database import Database
from webhooks.delivering.gate import Gate, Paces
from webhooks.delivering.lanes import Lane
from webhooks.delivering.ledger import Ledger
from webhooks.delivering.pieces import Held, Piece, name_of
from webhooks.delivering.post import Post
from webhooks.networks import Policy
from webhooks.outcomes import ErrorKind, Outcome
from webhooks.sender import Sender
from webhooks.targets import Target

T0_MS = 1_700_000_000_000


async def _confirm(_: int, __: Sequence[str]) -> None:
    pass


def piece(number: int, until_s: float, topic: str = "data", **fields: Any) -> Piece:
    """Return one of a car's pieces, the newer the greater its number."""
    event = shapes.data(VIN, fields, T0_MS + number)
    entry = Stored(f"{T0_MS + number}-0", 0, uuid4(), VIN, Topic.DATA, event.body)
    held = Held(Acks(_confirm), entry, 1)
    return Piece(entry, name_of(entry), topic, held, until_s)


def _told(one: Piece) -> Any:
    return json.loads(one.body)["data"]


def test_fields_of_merged_pieces_end_one_by_one() -> None:
    one = piece(0, 10, Soc=1, Odometer=1)
    newest = piece(2, 30, Gear="P")
    newest_body = json.loads(newest.body)
    middle = piece(1, 20, Soc=2)
    one.absorb(middle)
    one.absorb(newest)
    assert (_told(one), one.until_s) == ({"Soc": 2, "Odometer": 1, "Gear": "P"}, 30)
    assert not one.age(9.9)
    assert one.age(10)
    assert _told(one) == {"Soc": 2, "Gear": "P"}
    assert not one.age(10)
    assert one.age(29.9)
    # What is left is the newest as it came.
    assert json.loads(one.body) == newest_body


def test_merged_pieces_are_merged_with_their_ends() -> None:
    old, new = piece(0, 10, Soc=1), piece(2, 30, Soc=3)
    old.absorb(piece(1, 20, Odometer=1))
    new.absorb(piece(3, 40, Gear="P"))
    old.absorb(new)
    assert old.until_s == 40
    assert old.age(25)
    assert _told(old) == {"Soc": 3, "Gear": "P"}


def test_piece_with_no_field_or_of_its_own_ends_as_a_whole() -> None:
    single = piece(0, 10, Soc=1)
    assert not single.age(11)
    empty = piece(0, 10)
    empty.absorb(piece(1, 20))
    assert (_told(empty), empty.until_s, empty.age(15)) == ({}, 20, False)
    reading = piece(0, 10, "vehicle_data", Soc=1)
    reading.absorb(piece(1, 20, "vehicle_data", Odometer=1))
    assert (_told(reading), reading.until_s, reading.age(15)) == (
        {"Odometer": 1},
        20,
        False,
    )


class _Failing(Sender):
    """Let the first two requests fail, both at once when told to; accept the others."""

    def __init__(self) -> None:
        super().__init__(Policy())
        self.sent: list[tuple[Any, str]] = []
        self.may_answer = asyncio.Event()

    async def post(
        self, target: Target, body: bytes, headers: Mapping[str, str]
    ) -> Outcome:
        del target
        self.sent.append((json.loads(body), headers.get("webhook-dropped", "")))
        if len(self.sent) > 2:
            return Outcome(200, "")
        await self.may_answer.wait()
        return Outcome(500, ErrorKind.STATUS)


def test_value_of_a_failing_time_is_not_sent_as_new(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "DATA_STEPS_S", (0.01,))

    async def main() -> list[tuple[Any, str]]:
        sender, loop = _Failing(), asyncio.get_running_loop()
        ledger = Ledger(Database(), _now)
        post = Post(sender, Gate(), Paces(), ledger, _now, "keyfob.example.com")
        lane = Lane(target("https://hooks.example.com/"), post)
        end_s = loop.time() + 1
        lane.add(piece(0, end_s, Soc=1, Odometer=1))
        lane.add(piece(1, end_s + 600, Soc=2))
        await until(lambda: len(sender.sent) == 2)
        await asyncio.sleep(max(0, end_s + 0.01 - loop.time()))
        sender.may_answer.set()
        await until(lambda: len(sender.sent) > 2)
        return sender.sent

    sent = [(body["data"], dropped) for body, dropped in run(main())]
    assert sent[:2] == [({"Soc": 1, "Odometer": 1}, ""), ({"Soc": 2}, "")]
    # Merged, without what is too old by now.
    assert sent[2:] == [({"Soc": 2}, "1")]
