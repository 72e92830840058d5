"""How much is sent at once, and at which pace."""

import pytest

from webhooks.delivering import gate
from webhooks.delivering.gate import Pace

# The clock of a machine that has run for 200 days: there a nanosecond more is nothing.
_UP_S = 200 * 86400.0


def test_requests_that_begin_together_are_told_apart_after_months(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "monotonic", lambda: _UP_S)
    pace = Pace(10)
    first, second = pace.begin(), pace.begin()
    assert (first, second > first) == (_UP_S, True)
