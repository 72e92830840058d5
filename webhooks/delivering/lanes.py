"""Send data: one lane an endpoint, straight from the streams, with a lifetime.

A lane sends up to four pieces at once while all goes well. Where an endpoint is slow or
fails, pieces of one car are merged into one, and what is too old or too much is dropped,
oldest first, and counted.
"""

import asyncio
from collections import deque
from collections.abc import Iterator

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
        self.target = target
        self._post = post
        self._pace = post.paces.of(target.endpoint_id, target.max_rate)
        self._queue: deque[Piece] = deque()
        self._newest: dict[_Key, Piece] = {}
        self._workers: set[asyncio.Task[None]] = set()
        self._sending: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._closed_until_s = 0.0
        self._dropped = 0
        self._is_stopped = False

    @property
    def is_flowing(self) -> bool:
        """Tell whether only our own speed keeps it from being empty."""
        return not (self._failures or self._pace.is_held or self._pace.is_slow)

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, piece: Piece) -> None:
        """Send a piece as soon as it is its turn."""
        if self._is_stopped:
            self._drop(piece)
            return
        key = (piece.topic, piece.product)
        waiting = self._newest.get(key)
        is_crowded = len(self._queue) >= CROWDED or self._failures
        if waiting is not None and is_crowded and not self.is_flowing:
            waiting.absorb(piece)
            return
        self._queue.append(piece)
        self._newest[key] = piece
        if len(self._queue) > MOST_WAITING:
            self._drop(self._pop(oldest=True))
        if len(self._workers) < self._limit():
            task = asyncio.get_running_loop().create_task(self._work())
            self._workers.add(task)
            task.add_done_callback(self._workers.discard)

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
        """Drop what waits: its endpoint is told nothing any more."""
        while self._queue:
            self._drop(self._pop(oldest=True))

    def _limit(self) -> int:
        return 1 if self._failures or self._pace.is_slow else AT_ONCE

    async def _work(self) -> None:
        loop, me = asyncio.get_running_loop(), asyncio.current_task()
        while self._queue and len(self._workers) <= max(self._limit(), 1):
            wait = self._closed_until_s - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
                continue
            if self.target.batch_max > 1 and len(self._queue) < self.target.batch_max:
                await asyncio.sleep(self.target.batch_s)
            await self._post.turn(self.target)
            batch = self._take(loop.time())
            if batch and me is not None:
                self._sending.add(me)
                try:
                    self._judge(batch, await self._send(batch))
                finally:
                    self._sending.discard(me)

    async def _send(self, batch: list[Piece]) -> Outcome:
        target, newest = self.target, batch[-1]
        bodies = [
            formats.write(target.format, one.topic, one.body, self._post.host)
            for one in batch
        ]
        body, message_id = bodies[0], newest.message_id
        if target.batch_max > 1:
            body = formats.join(target.format, bodies)
            message_id = _name_of_all(batch)
        for piece in batch:
            piece.attempts += 1
        parcel = Parcel(
            message_id=message_id,
            topic=newest.topic,
            product=newest.product,
            body=body,
            number=newest.attempts,
            events=len(batch),
            dropped=self._dropped,
        )
        return await self._post.send(target, parcel)

    def _judge(self, batch: list[Piece], outcome: Outcome) -> None:
        if outcome.has_worked:
            self._failures, self._dropped = 0, 0
            for piece in batch:
                piece.done()
            return
        self._failures += 1
        if outcome.status == _GONE:
            for piece in batch:
                self._drop(piece)
            self.close()
            return
        beyond = self._failures - CIRCUIT_FAILURES + 1
        steps = CIRCUIT_STEPS_S if beyond > 0 else DATA_STEPS_S
        seconds = wait_s(steps, beyond if beyond > 0 else self._failures, outcome)
        self._closed_until_s = asyncio.get_running_loop().time() + seconds
        if not self._is_stopped:
            self._put_back(batch)

    def _put_back(self, batch: list[Piece]) -> None:
        """Let pieces wait again, all of one car and topic merged into the newest."""
        waiting, self._newest = [*batch, *self._queue], {}
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

    def _drop(self, piece: Piece) -> None:
        self._dropped += 1
        self._post.ledger.drop(self.target.endpoint_id, 1)
        piece.done()


def _name_of_all(batch: list[Piece]) -> str:
    names = "+".join(piece.message_id for piece in batch)
    return of_source(0, names) if len(batch) > 1 else batch[0].message_id
