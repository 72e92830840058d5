"""Buckets, intervals, changes, deltas, resending and inclusion."""

from typing import Any

import pytest

from simulator.streaming.collector import Collector, has_changed, wishes_of
from simulator.streaming.readings.kinds import INVALID, Reading


class World:
    """Hold readings that a test changes, and when it is."""

    def __init__(self, **fields: dict[str, Any]) -> None:
        self.collector = Collector(wishes_of(fields))
        self.now_s = 1000.0
        self.values: dict[str, Reading | None] = {}

    def after(self, seconds: float, **values: float | None) -> set[str]:
        self.now_s += seconds
        for name, value in values.items():
            self.values[name] = None if value is None else ("double_value", value)
        return set(self.collector.collect(self.now_s, self.values.get))


def test_each_field_is_sent_at_first_and_then_when_it_changes() -> None:
    world = World(Soc={"interval_seconds": 1}, Gear={"interval_seconds": 1})
    assert world.after(0, Soc=50, Gear=1) == {"Soc", "Gear"}
    assert world.after(1) == set()
    assert world.after(1, Soc=51) == {"Soc"}
    assert world.after(1) == set()


def test_a_change_waits_for_the_interval() -> None:
    world = World(Soc={"interval_seconds": 10})
    world.after(0, Soc=50)
    assert world.after(5, Soc=51) == set()
    assert world.after(4.5) == set()
    assert world.after(0.5) == {"Soc"}


def test_a_change_that_went_back_is_not_sent() -> None:
    world = World(Soc={"interval_seconds": 10})
    world.after(0, Soc=50)
    world.after(5, Soc=51)
    assert world.after(5, Soc=50) == set()


def test_after_a_quiet_time_a_change_is_sent_in_the_next_bucket() -> None:
    world = World(Soc={"interval_seconds": 10})
    world.after(0, Soc=50)
    world.after(60)
    assert world.after(0.5, Soc=51) == {"Soc"}


def test_nothing_is_collected_between_two_buckets() -> None:
    world = World(Soc={"interval_seconds": 1})
    world.after(0, Soc=50)
    world.after(1)
    assert world.after(0.4, Soc=51) == set()
    assert world.after(0.1) == {"Soc"}


def test_a_small_change_waits_until_it_adds_up() -> None:
    world = World(Soc={"interval_seconds": 1, "minimum_delta": 2})
    world.after(0, Soc=50)
    assert world.after(1, Soc=51.5) == set()
    assert world.after(1, Soc=52) == {"Soc"}


def test_an_unchanged_field_is_sent_again_after_its_own_interval() -> None:
    world = World(Soc={"interval_seconds": 1, "resend_interval_seconds": 30})
    world.after(0, Soc=50)
    assert world.after(29.5) == set()
    assert world.after(0.5) == {"Soc"}
    assert world.after(29) == set()
    # A change counts as sending, too.
    assert world.after(0.5, Soc=51) == {"Soc"}
    assert world.after(20) == set()


def test_included_fields_go_along_unchanged() -> None:
    world = World(
        Soc={"interval_seconds": 1, "include_fields": ["Gear", "Odometer", "Soc"]},
        Gear={"interval_seconds": 60},
    )
    assert world.after(0, Soc=50, Gear=1, Odometer=9) == {"Soc", "Gear", "Odometer"}
    assert world.after(1) == set()
    assert world.after(1, Soc=51, Odometer=None) == {"Soc", "Gear"}
    # Going along counts as being sent.
    assert world.after(59, Gear=2) == set()
    assert world.after(1) == {"Gear"}


def test_fields_that_the_car_lacks_are_never_sent() -> None:
    world = World(Soc={"interval_seconds": 1})
    assert world.after(0, Soc=None) == set()
    assert world.after(1, Soc=50) == {"Soc"}
    assert world.after(1, Soc=None) == set()


def test_a_car_that_slept_tells_all_again() -> None:
    world = World(Soc={"interval_seconds": 60})
    world.after(0, Soc=50)
    world.collector.forget()
    assert world.after(1) == {"Soc"}


def test_time_that_was_set_back_does_not_stop_a_car() -> None:
    world = World(Soc={"interval_seconds": 1, "resend_interval_seconds": 1})
    world.after(0, Soc=50)
    world.after(-500)
    assert world.after(501) == {"Soc"}


@pytest.mark.parametrize(
    ("before", "now", "delta", "changed"),
    [
        (("location_value", (52.0, 13.0)), ("location_value", (52.0, 13.0)), 0, False),
        (("location_value", (52.0, 13.0)), ("location_value", (52.0, 13.1)), 0, True),
        (("location_value", (52.0, 13)), ("location_value", (52.0005, 13)), 60, False),
        (("location_value", (52.0, 13)), ("location_value", (52.0005, 13)), 50, True),
        (INVALID, ("double_value", 0.5), 100, True),
        (("string_value", "a"), ("string_value", "b"), 5, True),
        (("int_value", 5), ("int_value", 1), 4, True),
        (("int_value", 5), ("int_value", 2), 4, False),
    ],
)
def test_changes_are_measured_by_kind(
    before: Reading, now: Reading, delta: float, *, changed: bool
) -> None:
    assert has_changed(before, now, delta) is changed
