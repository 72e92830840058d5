"""Send events: claim rows, send each endpoint's in their order, one at a time."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import Error

from webhooks import formats
from webhooks.delivering.database import Database
from webhooks.delivering.post import Parcel, Post
from webhooks.models import Delivery
from webhooks.sender import TOTAL_S
from webhooks.services import queue
from webhooks.services.queue import Claimed
from webhooks.services.roster import Roster
from webhooks.targets import Target

_LOG = logging.getLogger(__name__)
POLL_S = 0.5
_AWAY_S = 1.0
# A request that begins later could outlive the lease.
_LAST_START_S = queue.LEASE.total_seconds() - TOTAL_S - 1


class Rows:
    """Empty the queue of rows; needs the database alone."""

    def __init__(
        self,
        database: Database,
        post: Post,
        roster: Roster,
        clock: Callable[[], datetime],
    ) -> None:
        self._database, self._post, self._roster = database, post, roster
        self._clock = clock
        self._bell = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    def ring(self) -> None:
        """Look for work at once."""
        self._bell.set()

    async def run(self) -> None:
        """Claim and send for ever; a database that is away is asked again."""
        while True:
            self._bell.clear()
            # The lease runs from here on, however long the database takes.
            last_start_s = asyncio.get_running_loop().time() + _LAST_START_S
            try:
                found = await self._database(
                    queue.claim, self._clock(), list(self._roster.by_id)
                )
            except Error:
                _LOG.exception("The queue of webhooks cannot be read")
                await asyncio.sleep(_AWAY_S)
                continue
            for endpoint_id, claimed in found.items():
                self._begin(endpoint_id, claimed, last_start_s)
            await self._wait()

    async def finish(self, within_s: float) -> None:
        """Wait for what is being sent."""
        if self._running:
            await asyncio.wait(self._running, timeout=within_s)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._bell.wait()
        except TimeoutError:
            pass

    def _begin(
        self, endpoint_id: UUID, claimed: list[Claimed], last_start_s: float
    ) -> None:
        task = asyncio.get_running_loop().create_task(
            self._send_all(endpoint_id, claimed, last_start_s)
        )
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _send_all(
        self, endpoint_id: UUID, claimed: list[Claimed], last_start_s: float
    ) -> None:
        left = list(claimed)
        while left:
            target = self._target(endpoint_id, left[0], last_start_s)
            if target is None:
                break
            pace = self._post.pace_of(target)
            await pace.turn()
            still = partial(self._is_still, target, left[0], last_start_s)
            parcel = self._parcel(target, left[0])
            outcome = await self._post.send(target, pace, parcel, still)
            if outcome is None:
                # Its time is over, or it is another target by now.
                continue
            left.pop(0)
            if not outcome.has_worked:
                break
        if left:
            await self._release(left)

    def _target(
        self, endpoint_id: UUID, one: Claimed, last_start_s: float
    ) -> Target | None:
        """Return who is told this now, None for nobody: look before every request."""
        target = self._roster.by_id.get(endpoint_id)
        if target is None or asyncio.get_running_loop().time() >= last_start_s:
            return None
        # A test is sent to a paused webhook too.
        may = target.is_sending or one.purpose == Delivery.Purpose.TEST
        return target if may else None

    def _is_still(self, target: Target, one: Claimed, last_start_s: float) -> bool:
        return self._target(target.endpoint_id, one, last_start_s) is target

    async def _release(self, left: list[Claimed]) -> None:
        try:
            await self._database(queue.release, [one.delivery_id for one in left])
        except Error:
            # Their lease ends by itself.
            _LOG.warning("Leases of %d deliveries could not be given back", len(left))

    def _parcel(self, target: Target, one: Claimed) -> Parcel:
        return Parcel(
            message_id=one.message_id,
            topic=one.topic,
            product=one.product,
            body=formats.write(target.format, one.topic, one.body, self._post.host),
            number=one.number,
            delivery_id=one.delivery_id,
            purpose=one.purpose,
        )
