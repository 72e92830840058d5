"""Reading Tesla's answers: tolerant values, ages in words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from tokens.models import Inquiry
from tokens.readings import UNKNOWN, Document, Value, age, is_old, is_unheard, one_line

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_document_reads_what_is_there() -> None:
    document = Document(
        {
            "part": {"n": 1.5},
            "list": [{"n": 1}, 5, None],
            "yes": True,
            "text": " a\nb\x00c ",
            "ms": 1_763_683_200_000,
            "s": 1_763_683_200,
            "iso": "2025-11-21T01:00:00+01:00",
        }
    )
    moment = datetime(2025, 11, 21, 0, 0, tzinfo=UTC)
    assert document.part("part").number("n") == 1.5
    assert [one.number("n") for one in document.parts("list")] == [1]
    assert document.flag("yes") is True
    assert document.text("text") == "a b c"
    assert document.moment_of_ms("ms") == moment
    assert document.moment_of_s("s") == moment
    assert document.moment("iso") == moment


@pytest.mark.parametrize(
    "odd", [None, True, "5", [], {}, float("nan"), float("inf"), 10**400]
)
def test_document_takes_an_odd_number_for_none(odd: object) -> None:
    document = Document({"n": odd})
    assert document.number("n") is None
    assert document.moment_of_ms("n") is None


@pytest.mark.parametrize(
    "odd", ["", "yesterday", "2025-11-21T01:00:00", "0001-01-01T00:00:00+14:00"]
)
def test_document_takes_an_odd_moment_for_none(odd: str) -> None:
    assert Document({"at": odd}).moment("at") is None


@pytest.mark.parametrize("odd", [None, [], "text", 5])
def test_document_of_anything_else_is_empty(odd: object) -> None:
    document = Document(odd)
    assert document.content == {}
    assert document.part("x").content == {}
    assert document.parts("x") == []
    assert (document.text("x"), document.flag("x")) == ("", None)


@given(st.floats() | st.integers())
def test_document_reads_any_moment_or_none(number: float) -> None:
    document = Document({"n": number})
    for moment in (document.moment_of_ms("n"), document.moment_of_s("n")):
        assert moment is None or moment.tzinfo == UTC


@given(st.text())
def test_one_line_is_short_and_printable(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 200
    assert line.isprintable()


@pytest.mark.parametrize(
    ("passed_s", "words"),
    [
        (-5, "just now"),
        (1, "just now"),
        (2, "2 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "1 day ago"),
        (200_000, "2 days ago"),
    ],
)
def test_age_is_said_in_words(passed_s: int, words: str) -> None:
    assert age(NOW - timedelta(seconds=passed_s), NOW) == words


def test_age_and_is_old_count_from_now_by_themselves() -> None:
    moment = datetime.now(UTC)
    assert age(moment) == "just now"
    assert is_old(moment, timedelta(minutes=1)) is False
    assert is_old(moment - timedelta(minutes=2), timedelta(minutes=1)) is True


def test_value_knows_whether_it_is_known() -> None:
    assert Value("Range", "5", "km").is_known is True
    assert Value("Range", reason="Not sent.") == Value(
        "Range", UNKNOWN, "", "Not sent."
    )
    assert Value("Range").is_known is False


@pytest.mark.parametrize(
    ("state", "waited_s", "expected"),
    [("waiting", 5, False), ("waiting", 7, True), ("running", 60, False)],
)
def test_is_unheard_after_some_seconds_of_waiting(
    state: str, waited_s: int, *, expected: bool
) -> None:
    inquiry = Inquiry(state=state, asked_at=NOW - timedelta(seconds=waited_s))
    assert is_unheard(inquiry, NOW) is expected
