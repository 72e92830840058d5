"""Rows that were leased: nothing begins that could outlive its lease."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast
from uuid import uuid4

import pytest
from yarl import URL

from tests.webhooks.running import run, until
from webhooks.delivering import rows
from webhooks.delivering.database import Database
from webhooks.delivering.gate import Pace
from webhooks.delivering.post import Post
from webhooks.delivering.rows import Rows
from webhooks.outcomes import Outcome
from webhooks.services import queue
from webhooks.services.queue import Claimed
from webhooks.services.roster import Roster
from webhooks.targets import Target

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TARGET = Target(
    endpoint_id=uuid4(),
    user_id=uuid4(),
    address=URL("https://hooks.example.com/a"),
    format="teslemetry",
    kinds=frozenset(),
    vins=frozenset(),
    verify_tls=True,
    max_rate=10,
    batch_s=0,
    batch_max=1,
    is_sending=True,
    _keys=(),
    _headers=(),
)
CLAIMED = Claimed(7, TARGET.endpoint_id, "msg_1", "state", "", b"{}", "", 1)


class _Busy(Database):
    """Give one row, after the time in which a request may begin; note what comes back."""

    def __init__(self, wait_s: float) -> None:
        self.released: list[int] = []
        self._wait_s, self._left = wait_s, [CLAIMED]

    async def __call__(self, function: Any, *args: Any, **_: Any) -> Any:
        if function is queue.release:
            self.released += args[0]
            return None
        await asyncio.sleep(self._wait_s)
        left, self._left = self._left, []
        return {TARGET.endpoint_id: left} if left else {}


class _Post:
    """Note what is sent."""

    host = "keyfob.example.com"

    def __init__(self) -> None:
        self.sent: list[str] = []

    def pace_of(self, target: Target) -> Pace:
        return Pace(target.max_rate)

    async def send(self, _: Target, __: Pace, parcel: Any, ___: Any) -> Outcome:
        self.sent.append(parcel.message_id)
        return Outcome(200, "")


@pytest.mark.parametrize(("wait_s", "sent"), [(0.0, ["msg_1"]), (0.2, [])])
def test_lease_runs_while_the_database_is_busy(
    monkeypatch: pytest.MonkeyPatch, wait_s: float, sent: list[str]
) -> None:
    # Of a lease of which a row in time may be sent for a minute, and a late one never.
    monkeypatch.setattr(rows, "_LAST_START_S", 0.1 if wait_s else 60.0)
    database, post = _Busy(wait_s), _Post()
    roster = Roster(lambda _: lambda _: True)
    roster.by_id = {TARGET.endpoint_id: TARGET}

    async def main() -> None:
        one = Rows(database, cast("Post", post), roster, lambda: NOW)
        running = asyncio.ensure_future(one.run())
        await until(partial(_is_over, database, post))
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    run(main())
    assert post.sent == sent
    assert database.released == ([] if sent else [7])


def _is_over(database: _Busy, post: _Post) -> bool:
    return bool(database.released or post.sent)
