from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.world import World
from tests.simulator.world.moments import DAY_S, HOUR_S, START_AT


def total(history: dict[str, Any], key: str) -> int:
    return sum(entry[key] for entry in history["time_series"])


def test_day_history_has_five_minute_buckets_in_the_sites_zone(world: World) -> None:
    history = world.site_named("Home").calendar_history("energy", "day")
    assert history["period"] == "day"
    assert history["installation_time_zone"] == "America/Los_Angeles"
    first, second = history["time_series"][:2]
    assert first["timestamp"] == "2026-06-15T00:00:00-07:00"
    assert second["timestamp"] == "2026-06-15T00:05:00-07:00"
    assert len(history["time_series"]) == 11 * 12


@pytest.mark.parametrize(
    ("begins", "ends", "buckets"),
    [
        ("2026-02-01T00:00:00+01:00", "2026-02-02T00:00:00+01:00", 288),
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 276),
        ("2025-10-26T00:00:00+02:00", "2025-10-27T00:00:00+01:00", 300),
    ],
)
def test_days_of_clock_changes_have_their_own_length(
    world: World, begins: str, ends: str, buckets: int
) -> None:
    span = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
    history = world.site_named("Cabin").calendar_history("energy", "day", *span)
    assert len(history["time_series"]) == buckets
    assert history["time_series"][0]["timestamp"] == begins


def test_history_adds_up(world: World) -> None:
    history = world.site_named("Home").calendar_history("energy", "week")
    assert len(history["time_series"]) == 7
    for entry in history["time_series"]:
        assert entry["total_home_usage"] == (
            entry["consumer_energy_imported_from_grid"]
            + entry["consumer_energy_imported_from_solar"]
            + entry["consumer_energy_imported_from_battery"]
        )
        assert entry["total_home_usage"] == (
            entry["solar_energy_exported"]
            + entry["battery_energy_exported"]
            - entry["total_battery_charge"]
            + entry["grid_energy_imported"]
            - entry["total_grid_energy_exported"]
        )


def test_day_is_the_sum_of_its_buckets(world: World) -> None:
    home = world.site_named("Home")
    day = home.calendar_history("energy", "day")
    week = home.calendar_history("energy", "week")["time_series"][-1]
    assert week["timestamp"] == "2026-06-15T00:00:00-07:00"
    assert total(day, "total_home_usage") == week["total_home_usage"]
    assert total(day, "solar_energy_exported") == week["solar_energy_exported"]


def test_history_does_not_depend_on_what_was_asked_before(clock: Clock) -> None:
    fresh, used = World(7, clock), World(7, clock)
    used.site_named("Home").calendar_history("energy", "month")
    day = fresh.site_named("Home").calendar_history("energy", "day")
    assert used.site_named("Home").calendar_history("energy", "day") == day


def test_history_survives_that_old_days_are_forgotten(world: World) -> None:
    home = world.site_named("Home")
    week = home.calendar_history("energy", "week")
    begins, ends = START_AT - timedelta(days=80), START_AT - timedelta(days=8)
    home.calendar_history("energy", "month", begins, ends)
    assert home.calendar_history("energy", "week") == week


@pytest.mark.parametrize(
    ("period", "starts"),
    [
        ("month", ["2026-06-01", "2026-06-02"]),
        ("year", ["2026-01-01", "2026-02-01"]),
        ("lifetime", ["2025-05-14", "2026-01-01"]),
    ],
)
def test_longer_periods_have_longer_buckets(
    world: World, period: str, starts: list[str]
) -> None:
    history = world.site_named("Home").calendar_history("energy", period)
    stamps = [entry["timestamp"][:10] for entry in history["time_series"]]
    assert stamps[:2] == starts


def test_long_histories_agree_with_short_ones(world: World) -> None:
    home = world.site_named("Home")
    year = home.calendar_history("energy", "year")["time_series"][-1]
    month = home.calendar_history("energy", "month")
    for key in ("total_home_usage", "solar_energy_exported"):
        assert year[key] == pytest.approx(total(month, key), rel=0.02)


def test_history_counts_days_in_the_asked_zone(world: World) -> None:
    home = world.site_named("Home")
    history = home.calendar_history("energy", "day", tz="Asia/Tokyo")
    assert history["time_series"][0]["timestamp"] == "2026-06-16T00:00:00+09:00"


def test_history_is_cut_to_installation_and_now(world: World) -> None:
    home = world.site_named("Home")
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
    history = home.calendar_history("energy", "lifetime", first, last)
    assert history["time_series"][0]["timestamp"] == "2025-05-14T10:12:00-07:00"
    assert len(history["time_series"]) == 2
    day = home.calendar_history("energy", "day", first, last)
    assert len(day["time_series"]) == 7 * 288
    assert home.calendar_history("energy", "day", last)["time_series"] == []


def test_world_before_the_installation_has_no_history(clock: Clock) -> None:
    clock.advance(-2_000 * DAY_S)
    home = World(7, clock).site_named("Home")
    assert home.calendar_history("energy", "lifetime")["time_series"] == []


@pytest.mark.parametrize(
    ("kind", "period", "zone"),
    [
        ("power", "day", None),
        ("energy", "decade", None),
        ("energy", "day", "Mars/Olympus"),
        ("energy", "day", "../etc/passwd"),
        ("energy", "day", "America"),
    ],
)
def test_history_refuses_unknown_words(
    world: World, kind: str, period: str, zone: str | None
) -> None:
    with pytest.raises(ValueError, match=r"must be|unknown time zone"):
        world.site_named("Home").calendar_history(kind, period, tz=zone)


def test_telemetry_history_lists_finished_charges(world: World, clock: Clock) -> None:
    garage = world.site_named("Garage")
    before = garage.telemetry_history("charge")["charge_history"]
    clock.advance(3 * HOUR_S)
    after = garage.telemetry_history("charge")["charge_history"]
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1
    assert after[-1]["charge_start_time"]["seconds"] == int(
        START_AT.timestamp() - 300 + 8
    )
    assert after[-1]["energy_added_wh"] == pytest.approx(25_000, rel=0.05)
    with pytest.raises(ValueError, match="charge"):
        garage.telemetry_history("energy")
