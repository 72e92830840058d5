"""Count each account's streams: those of this process, and those that others tell of."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from uuid import UUID, uuid4

from events.errors import Unavailable
from telemetry.stream.known import Known

TELL_EVERY_S = 1.0


class Streams:
    """The open streams of all doors; belongs to one event loop.

    While Redis is away only this process's own count.
    """

    def __init__(self, known: Known) -> None:
        self._known = known
        self._name = uuid4().hex
        self._here: Counter[UUID] = Counter()
        self._elsewhere: Counter[UUID] = Counter()
        self._due_at_s = 0.0

    def here(self, account_id: UUID) -> int:
        """Return how many streams an account has in this process."""
        return self._here[account_id]

    async def everywhere(self, account_id: UUID) -> int:
        """Return how many streams an account has, as known for a second."""
        await self.tell()
        return self._here[account_id] + self._elsewhere[account_id]

    @contextlib.contextmanager
    def counted(self, account_id: UUID) -> Iterator[None]:
        """Count a stream while it lasts."""
        self._here[account_id] += 1
        try:
            yield
        finally:
            self._here[account_id] -= 1
            if not self._here[account_id]:
                del self._here[account_id]

    async def tell(self) -> None:
        """Tell the other processes, and hear of them, where it is time."""
        now_s = time.monotonic()
        if now_s < self._due_at_s:
            return
        self._due_at_s = now_s + TELL_EVERY_S
        try:
            self._elsewhere = await self._known.tell_streams(
                self._name, dict(self._here)
            )
        except Unavailable:
            self._elsewhere = Counter()

    async def leave(self) -> None:
        """Tell that this process has no streams any more."""
        with contextlib.suppress(Unavailable):
            await self._known.forget_streams(self._name)
