"""Sums of a site's day."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from teslemetry_stream.const import EnergyHistoryTotals

from energy import totals

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 3, 29)


def test_names_are_those_of_stream_clients() -> None:
    assert tuple(EnergyHistoryTotals.__dataclass_fields__) == totals.NAMES


def test_day_is_summed_and_what_never_occurred_is_zero() -> None:
    history = {
        "time_series": [
            {"timestamp": "2026-03-29T00:00:00+01:00", "total_home_usage": 10.25},
            {"timestamp": "2026-03-29T00:05:00+01:00", "total_home_usage": 9.75},
            {"timestamp": "bad", "total_home_usage": None},
        ]
    }
    sums = totals.of_day(history)
    assert list(sums) == list(totals.NAMES)
    assert (sums["total_home_usage"], sums["solar_energy_exported"]) == (20, 0)
    assert totals.newest_end(history) == datetime(2026, 3, 28, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize("history", [None, "", {}, {"time_series": []}])
def test_empty_day_has_no_sums(history: object) -> None:
    assert set(totals.of_day(history).values()) == {None}
    assert totals.newest_end(history) is None


def test_days_are_those_of_the_site() -> None:
    assert totals.day_bounds(DAY, BERLIN) == {
        "start_date": "2026-03-29T00:00:00+01:00",
        "end_date": "2026-03-29T23:59:59+02:00",
        "time_zone": "Europe/Berlin",
    }
    late = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    assert totals.local_day(late, BERLIN) == DAY


@pytest.mark.parametrize(
    ("info", "name"),
    [
        ({"installation_time_zone": "Europe/Berlin"}, "Europe/Berlin"),
        ({"installation_time_zone": "Moon/Base"}, "UTC"),
        ({"installation_time_zone": "../etc"}, "UTC"),
        (None, "UTC"),
    ],
)
def test_zone_is_the_sites_or_utc(info: object, name: str) -> None:
    assert totals.zone_of(info).key == name


def test_charging_connectors_are_those_with_power() -> None:
    live = {
        "wall_connectors": [
            {"din": "A", "wall_connector_power": 7200},
            {"din": "B", "wall_connector_power": 0},
            {"wall_connector_power": 100},
            {"din": "C"},
        ]
    }
    assert totals.charging(live) == {"A": 7200.0}


def test_sessions_count_where_they_belong() -> None:
    def session(at: datetime, given: float, **more: str) -> dict[str, object]:
        start = {"seconds": int(at.timestamp())}
        return {"charge_start_time": start, "energy_added_wh": given, **more}

    morning = datetime(2026, 3, 29, 8, tzinfo=UTC)
    history = {
        "charge_history": [
            session(morning, 1000),
            session(morning, 500, din="B"),
            session(datetime(2026, 3, 28, 8, tzinfo=UTC), 9000, din="B"),
            {"energy_added_wh": 7},
        ]
    }
    assert totals.of_sessions(history, DAY, BERLIN, ["A"]) == {"A": 1000.0, "B": 500.0}
    assert totals.of_sessions(history, DAY, BERLIN, ["A", "B"]) == {"B": 500.0}


def test_highest_sum_of_each_connector_wins() -> None:
    assert totals.highest({"A": 1.0, "B": 2.5}, {"A": 3.0001}, {}) == {"A": 3, "B": 2.5}
