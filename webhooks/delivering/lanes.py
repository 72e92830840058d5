"""Send data: one lane an endpoint, straight from the streams, with a lifetime.

A lane sends up to four pieces at once while all goes well. Where an endpoint is slow or
fails, pieces of one car are merged into one, and what is too old or too much is dropped,
oldest first, and counted.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from functools import partial

from webhooks import formats
from webhooks.delivering.pieces import Piece
from webhooks.delivering.post import Parcel, Post
from webhooks.ids import of_source
from webhooks.outcomes import (
    CIRCUIT_FAILURES,
    CIRCUIT_STEPS_S,
    DATA_STEPS_S,
    Outcome,
    wait_s,
)
from webhooks.targets import Target

AT_ONCE = 4
MOST_WAITING = 500
CROWDED = 16
_GONE = 410
_Key = tuple[str, str]


class Lane:
    """Hold what waits for one endpoint and send it."""

    def __init__(self, target: Target, post: Post) -> None:
        self.target, self._pace = target, post.pace_of(target)
        self._post = post
        self._queue: deque[Piece] = deque()
        self._newest: dict[_Key, Piece] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._closed_until_s = 0.0
        self._is_opened = asyncio.Event()
        self._dropped = 0
        self._is_stopped = self._is_closed = False

    @property
    def is_flowing(self) -> bool:
        """Tell whether only our own speed keeps it from being empty."""
        return not (self._failures or self._pace.is_held or self._pace.is_slow)

    def __len__(self) -> int:
        return len(self._queue)

    def follow(self, target: Target) -> None:
        """Send as the endpoint is set up by now; what failed as it was says nothing."""
        is_another = not target.is_sent_as(self.target)
        self.target, self._pace = target, self._post.pace_of(target)
        if is_another:
            self.open()

    def open(self) -> None:
        """Send at once what waits: the endpoint is well, or may be."""
        self._failures, self._closed_until_s = 0, 0.0
        self._is_opened.set()

    def add(self, piece: Piece) -> None:
        """Send a piece as soon as it is its turn."""
        if self._is_stopped or self._is_closed:
            self._drop(piece)
            return
        key = (piece.topic, piece.product)
        waiting = self._newest.get(key)
        is_crowded = len(self._queue) >= CROWDED or self._failures
        if waiting is not None and is_crowded and not self.is_flowing:
            waiting.absorb(piece)
        else:
            self._queue.append(piece)
            self._newest[key] = piece
        if len(self._queue) > MOST_WAITING:
            self._drop(self._pop(oldest=True))
        self._see_to_workers()

    def stop(self) -> list[asyncio.Task[None]]:
        """Begin nothing more; return what is being sent.

        What waits stays unconfirmed in the streams, for whoever comes next.
        """
        self._is_stopped = True
        self._queue.clear()
        self._newest.clear()
        for task in self._workers - self._sending:
            task.cancel()
        return list(self._sending)

    def close(self) -> None:
        """Drop what waits and what comes: its endpoint is told nothing any more."""
        self._is_closed = True
        self._drop_all()
        for task in self._workers - self._sending:
            task.cancel()

    def _see_to_workers(self) -> None:
        """Have somebody send what waits."""
        busy = len(self._workers)
        if self._queue and busy < AT_ONCE and busy < self._limit():
            task = asyncio.get_running_loop().create_task(self._work())
            self._workers.add(task)
            # One that is cancelled before it begins does not leave by itself.
            task.add_done_callback(self._workers.discard)

    def _may_go_on(self) -> bool:
        busy = len(self._workers)
        return busy == 1 or busy <= self._limit()

    def _limit(self) -> int:
        return 1 if self._failures or self._pace.is_slow else AT_ONCE

    async def _work(self) -> None:
        me = asyncio.current_task()
        assert me is not None  # noqa: S101  # a task runs it
        try:
            while self._queue and self._may_go_on():
                await self._send_some(me)
        finally:
            # At once, so that of those who end together the last one stays.
            self._workers.discard(me)
            if not self._is_stopped:
                self._see_to_workers()

    async def _send_some(self, me: asyncio.Task[None]) -> None:
        """Wait for what holds the lane, or send one request."""
        loop = asyncio.get_running_loop()
        wait = self._closed_until_s - loop.time()
        if wait > 0:
            await self._stay_closed(wait)
            return
        if self.target.batch_max > 1 and len(self._queue) < self.target.batch_max:
            await asyncio.sleep(self.target.batch_s)
        if not self._pace.take():
            await self._pace.turn()
        batch = self._take(loop.time())
        if batch:
            self._sending.add(me)
            try:
                self._judge(batch, await self._send(batch))
            finally:
                self._sending.discard(me)

    async def _stay_closed(self, seconds: float) -> None:
        self._is_opened.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._is_opened.wait()
        except TimeoutError:
            pass

    async def _send(self, batch: list[Piece]) -> Outcome | None:
        target, newest = self.target, batch[-1]
        bodies = [
            formats.write(target.format, one.topic, one.body, self._post.host)
            for one in batch
        ]
        body, message_id = bodies[0], newest.message_id
        if target.batch_max > 1:
            body = formats.join(target.format, bodies)
            message_id = _name_of_all(batch)
        parcel = Parcel(
            message_id=message_id,
            topic=newest.topic,
            product=newest.product,
            body=body,
            number=newest.attempts + 1,
            events=len(batch),
            dropped=self._dropped,
        )
        still = partial(self._is_still, target)
        return await self._post.send(target, self._pace, parcel, still)

    def _is_still(self, target: Target) -> bool:
        return self.target is target and not self._is_closed

    def _judge(self, batch: list[Piece], outcome: Outcome | None) -> None:
        if outcome is None:
            self._take_back(batch)
            return
        for piece in batch:
            piece.attempts += 1
        if outcome.has_worked:
            self._failures, self._dropped = 0, 0
            for piece in batch:
                piece.done()
            return
        self._failures += 1
        now_s = asyncio.get_running_loop().time()
        if outcome.status == _GONE:
            # It will be disabled; nothing is sent until that is known here.
            self._closed_until_s = now_s + CIRCUIT_STEPS_S[0]
            for piece in batch:
                self._drop(piece)
            self._drop_all()
            return
        beyond = self._failures - CIRCUIT_FAILURES + 1
        steps = CIRCUIT_STEPS_S if beyond > 0 else DATA_STEPS_S
        seconds = wait_s(steps, beyond if beyond > 0 else self._failures, outcome)
        self._closed_until_s = now_s + seconds
        self._put_back(batch)

    def _take_back(self, batch: list[Piece]) -> None:
        """Let pieces wait that were not sent: the target is another one by now."""
        for piece in reversed(batch):
            if self._is_closed:
                self._drop(piece)
            elif not self._is_stopped:
                self._queue.appendleft(piece)
                self._newest.setdefault((piece.topic, piece.product), piece)

    def _put_back(self, batch: list[Piece]) -> None:
        """Let pieces wait again, all of one car and topic merged into the newest."""
        if self._is_stopped:
            return
        if self._is_closed:
            for piece in batch:
                self._drop(piece)
            return
        # Of requests that fail together the newer one may come back first.
        waiting = sorted([*batch, *self._queue], key=lambda piece: piece.message_id)
        self._newest = {}
        self._queue.clear()
        for piece in waiting:
            key = (piece.topic, piece.product)
            older = self._newest.get(key)
            if older is None:
                self._queue.append(piece)
                self._newest[key] = piece
            else:
                older.absorb(piece)

    def _take(self, now_s: float) -> list[Piece]:
        """Take what goes into one request; what is too old is dropped."""
        found: list[Piece] = []
        size = 0
        for piece in self._fresh(now_s):
            size += len(piece.body)
            if found and size > formats.MOST_BYTES:
                self._queue.appendleft(piece)
                self._newest.setdefault((piece.topic, piece.product), piece)
                break
            found.append(piece)
            if len(found) >= self.target.batch_max:
                break
        return found

    def _fresh(self, now_s: float) -> Iterator[Piece]:
        while self._queue:
            # After a failure one piece a car is left: the newest of them first.
            piece = self._pop(oldest=not self._failures or self.target.batch_max > 1)
            if piece.until_s > now_s and self._is_wanted(piece):
                if piece.age(now_s):
                    self._count_drop()
                yield piece
            else:
                self._drop(piece)

    def _is_wanted(self, piece: Piece) -> bool:
        return self.target.is_sending and self.target.wants(piece.topic, piece.product)

    def _pop(self, *, oldest: bool) -> Piece:
        piece = self._queue.popleft() if oldest else self._queue.pop()
        key = (piece.topic, piece.product)
        if self._newest.get(key) is piece:
            del self._newest[key]
        return piece

    def _drop_all(self) -> None:
        while self._queue:
            self._drop(self._pop(oldest=True))

    def _drop(self, piece: Piece) -> None:
        self._count_drop()
        piece.done()

    def _count_drop(self) -> None:
        """Count a piece that was not told, or not all of it: merged ones are one."""
        self._dropped += 1
        self._post.ledger.drop(self.target.endpoint_id, 1)


def _name_of_all(batch: list[Piece]) -> str:
    names = "+".join(piece.message_id for piece in batch)
    return of_source(names) if len(batch) > 1 else batch[0].message_id
