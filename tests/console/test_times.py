"""Ages and moments as pages write them."""

from datetime import UTC, datetime, timedelta, timezone

import time_machine

from console.templatetags.times import age, moment

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def test_age_is_a_time_that_the_browser_keeps_counting() -> None:
    with time_machine.travel(NOON + timedelta(minutes=3), tick=False):
        written = age(NOON)
    assert written == (
        '<time datetime="2026-05-01T12:00:00+00:00" data-age'
        ' title="1 May 2026, 12:00 UTC">3 min ago</time>'
    )


def test_moment_is_written_in_utc_for_who_has_no_javascript() -> None:
    berlin = NOON.astimezone(timezone(timedelta(hours=2)))
    assert moment(berlin) == (
        '<time datetime="2026-05-01T12:00:00+00:00" data-moment>'
        "1 May 2026, 12:00 UTC</time>"
    )


def test_unknown_times_are_a_dash_with_a_reason() -> None:
    dash = '<span class="unknown" title="Not known yet">—</span>'
    assert (age(None), moment(None)) == (dash, dash)
