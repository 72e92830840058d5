"""What pages say of a failure: a sentence for each, and none for nothing."""

import pytest

from webhooks import words
from webhooks.models import Endpoint, Kind
from webhooks.outcomes import ErrorKind


@pytest.mark.parametrize("error_kind", [one for one in ErrorKind if one != "status"])
def test_each_kind_of_failure_has_words(error_kind: ErrorKind) -> None:
    for status in (None, 200):
        said = words.failure(error_kind, status)
        assert said.endswith(".")
        assert "could not be sent" not in said


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "wants another authorization"),
        (404, "nothing at this address"),
        (418, "did not accept it"),
        (429, "wants fewer requests"),
        (500, "a fault of its own"),
        (599, "a fault of its own"),
    ],
)
def test_statuses_are_put_into_words(status: int, said: str) -> None:
    assert said in words.failure("status", status)


def test_nothing_wrong_is_no_words() -> None:
    assert words.failure("", 200) == ""
    assert words.failure("odd", None) == "It could not be sent (odd)."


def test_each_kind_and_format_is_told() -> None:
    assert list(words.KINDS) == Kind.values
    assert list(words.FORMATS) == Endpoint.Format.values
    assert words.kind("ping") == "Is anybody there?"
    assert words.kind("odd") == "odd"
    assert all(one.example.startswith("{") for one in words.FORMATS.values())
