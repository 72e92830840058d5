"""The tree of errors: complete, explained, without secrets."""

import json
import pickle
import re

import pytest

import fleet
from fleet.errors import FleetError, explain, redact, refusal, tree

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
KINDS = sorted(
    (
        kind
        for kind in vars(tree).values()
        if isinstance(kind, type) and issubclass(kind, FleetError)
    ),
    key=lambda kind: kind.__name__,
)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def _body(error: str, description: str = "") -> bytes:
    return json.dumps(
        {"response": None, "error": error, "error_description": description}
    ).encode()


@pytest.mark.parametrize(
    "secret",
    [
        JWT,
        JWT[:30],
        "Bearer opaque-and-short",
        "BEARER opaque-and-short",
        "EU_" + "ab" * 20,
        "kf_" + "Ab3" * 12,
        "f" * 64,
    ],
)
def test_redact_recognizes_tokens_it_was_not_told_of(secret: str) -> None:
    assert redact(f"before {secret} after") == "before [removed] after"


def test_redact_removes_a_secret_as_an_address_spells_it() -> None:
    assert redact("code=s3cret%2Fof%2Bours", ["s3cret/of+ours"]) == "code=[removed]"


@pytest.mark.parametrize(
    "text",
    [
        "5YJ3E1EA0LF000001",
        "123e4567-e89b-12d3-a456-426614174000",
        "use base URL: https://fleet-api.prd.eu.vn.cloud.tesla.com",
        "Unauthorized missing scopes vehicle_location",
        "https://x/#2023-10-09-rest-api-vehicle-commands-endpoint-deprecation-warning",
    ],
)
def test_redact_leaves_what_is_no_secret(text: str) -> None:
    assert redact(text, [""]) == text


def test_redact_keeps_a_text_on_one_short_line() -> None:
    assert redact("a\r\n\x00b\u2028c") == "a b c"
    assert len(redact("word " * 1000)) <= 400


@each_kind
def test_every_error_has_words_a_status_and_a_code(kind: type[FleetError]) -> None:
    error = kind(status=None)
    explanation = explain(error)

    assert explanation.title
    assert explanation.words.endswith(".")
    assert explanation.who in {"you", "Tesla", "operator", "nobody"}
    assert 400 <= error.api_status <= 599
    assert error.api_status != 401
    assert error.api_code
    assert str(error)


@each_kind
def test_every_error_survives_the_way_through_a_worker(kind: type[FleetError]) -> None:
    error = kind("words", status=429, code="c", retry_after_s=3.0, txid="t")

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is kind
    assert str(again) == "words"
    assert vars(again) == vars(error)


@each_kind
def test_the_tree_in_the_docstring_is_complete(kind: type[FleetError]) -> None:
    assert re.search(rf"\b{kind.__name__}\b", tree.__doc__ or "")


@each_kind
def test_every_error_is_offered_by_the_package(kind: type[FleetError]) -> None:
    assert getattr(fleet, kind.__name__) is kind


def test_explain_uses_the_words_of_the_nearest_kind() -> None:
    class Newer(fleet.NotFound):
        """A kind that has no words of its own."""

    assert explain(Newer()) == explain(fleet.NotFound())


def test_explain_tells_the_facts() -> None:
    missing = refusal(403, _body("Unauthorized missing scopes vehicle_location"), {})
    limited = refusal(429, b"Retry in 42 seconds\n", {})

    assert explain(missing).words.endswith("Missing: vehicle_location.")
    assert explain(limited).words.endswith("Try again in 42 seconds.")


@pytest.mark.parametrize(
    ("status", "code", "title", "who"),
    [
        (401, "mobile_access_disabled", "Mobile Access is off in the car", "you"),
        (401, "unknown user", "Tesla does not know this account yet", "you"),
        (
            403,
            "Tesla Vehicle Command Protocol required, please refer",
            "The car takes signed commands only",
            "you",
        ),
        (
            400,
            "invalid_auth_code",
            "The sign-in took too long or was used before",
            "you",
        ),
        (
            412,
            "Root domain x must match registered allowed origin on https://x",
            "The domain does not belong to the application",
            "operator",
        ),
    ],
)
def test_explain_knows_codes_that_say_more(
    status: int, code: str, title: str, who: str
) -> None:
    explanation = explain(refusal(status, _body(code), {}))

    assert (explanation.title, explanation.who) == (title, who)
