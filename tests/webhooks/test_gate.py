"""How much is sent at once, and at which pace."""

import asyncio

from webhooks.delivering.gate import Pace

# The clock of a machine that has run for 200 days: there a nanosecond more is nothing.
_UP_S = 200 * 86400.0


class _Loop(asyncio.SelectorEventLoop):
    """A loop whose clock stands, as one does within a millisecond."""

    def time(self) -> float:
        """Return the same moment always."""
        return _UP_S


async def _begin_twice() -> list[float]:
    pace = Pace(10)
    return [pace.begin(), pace.begin()]


def test_requests_that_begin_together_are_told_apart_after_months() -> None:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        first, second = runner.run(_begin_twice())
    assert (first, second > first) == (_UP_S, True)
