"""Tell the simulator's time, which tests can move."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Give the present moment to everything in the simulator.

    A clock made without arguments runs with the machine's own time; one made with
    `at` stands still there. Both jump ahead when told to `advance`.
    """

    def __init__(self, at: datetime | None = None) -> None:
        self._stands_at = at
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the present moment, aware and in UTC."""
        return (self._stands_at or datetime.now(UTC)) + self._ahead

    @property
    def ahead_s(self) -> float:
        """Return by how many seconds the time was moved ahead."""
        return self._ahead.total_seconds()

    def advance(self, seconds: float) -> None:
        """Move the time ahead by that many seconds."""
        self._ahead += timedelta(seconds=seconds)
