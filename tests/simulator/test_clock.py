from datetime import UTC, datetime, timedelta

from simulator.clock import Clock

START_AT = datetime(2026, 6, 15, 18, 0, tzinfo=UTC)


def test_standing_clock_moves_only_when_advanced() -> None:
    clock = Clock(START_AT)
    assert clock.now() == START_AT
    clock.advance(90.5)
    assert clock.now() == START_AT + timedelta(seconds=90.5)


def test_running_clock_follows_the_machine_and_jumps_ahead() -> None:
    clock = Clock()
    before = datetime.now(UTC)
    clock.advance(3600)
    ahead = clock.now() - before
    assert timedelta(hours=1) <= ahead < timedelta(hours=1, minutes=1)
