"""The tree of errors: answers become errors, errors become words."""

import json
import pickle
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, strategies as st

import fleet
from fleet.errors import FleetError, Refused, explain, redact, refusal, tree
from fleet.errors.refusals import unenveloped

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
SECRETS = (JWT, "NA_" + "0123456789abcdef" * 2, "s3cret/of+ours")
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
    ("status", "error", "kind", "api_status", "api_code"),
    [
        (400, "invalid_command", fleet.InvalidRequest, 400, "invalid_command"),
        (400, "server_error", fleet.ServerFault, 503, "server_error"),
        (401, "", fleet.Unauthorized, 503, "tesla_unauthorized"),
        (401, "token expired (401)", fleet.Unauthorized, 503, "token expired (401)"),
        (401, "login_required", fleet.LoginRequired, 503, "login_required"),
        (402, "payment required", fleet.PaymentRequired, 402, "payment required"),
        (403, "unsupported vehicle", fleet.Forbidden, 403, "unsupported vehicle"),
        (403, "", fleet.Forbidden, 403, "forbidden"),
        (404, "not_found", fleet.NotFound, 404, "not_found"),
        (405, "", fleet.Refused, 405, "upstream_refused"),
        (406, "", fleet.NotAcceptable, 406, "not_acceptable"),
        (
            408,
            "vehicle unavailable",
            fleet.VehicleUnavailable,
            408,
            "vehicle unavailable",
        ),
        (
            412,
            "Account x must be registered",
            fleet.NotRegistered,
            412,
            "Account x must be registered",
        ),
        (421, "user out of region", fleet.OutOfRegion, 421, "user out of region"),
        (422, "", fleet.NotSupported, 422, "not_supported"),
        (423, "", fleet.Locked, 423, "locked"),
        (
            424,
            "Public key download failed",
            fleet.KeyDownloadFailed,
            424,
            "Public key download failed",
        ),
        (429, "", fleet.RateLimited, 429, "rate_limited"),
        (451, "", fleet.Refused, 451, "upstream_refused"),
        (500, "", fleet.ServerFault, 500, "server_error"),
        (503, "", fleet.ServerFault, 503, "server_error"),
        (540, "", fleet.DeviceFault, 540, "device_unexpected_response"),
    ],
)
def test_refusal_names_the_error_by_status_and_code(
    status: int, error: str, kind: type[Refused], api_status: int, api_code: str
) -> None:
    refused = refusal(status, _body(error, "why"), {"X-Txid": "abc-1"})

    assert type(refused) is kind
    assert refused.status == status
    assert refused.code == error
    assert refused.description == "why"
    assert refused.txid == "abc-1"
    assert (refused.api_status, refused.api_code) == (api_status, api_code)


def test_refusal_takes_the_txid_of_the_body_first() -> None:
    refused = refusal(500, b'{"error": "x", "txid": "inner"}', {"x-txid": "outer"})

    assert refused.txid == "inner"


@pytest.mark.parametrize(
    ("said", "scopes"),
    [
        ("Unauthorized missing scopes vehicle_location", ("vehicle_location",)),
        (
            "Unauthorized missing scopes [vehicle_cmds vehicle_charging_cmds]",
            ("vehicle_cmds", "vehicle_charging_cmds"),
        ),
        ("Unauthorized missing scopes", ()),
    ],
)
def test_refusal_names_missing_scopes(said: str, scopes: tuple[str, ...]) -> None:
    refused = refusal(403, _body(said), {})

    assert isinstance(refused, fleet.MissingScopes)
    assert refused.scopes == scopes


def test_refusal_of_another_region_carries_the_base_url() -> None:
    said = "user out of region, use base URL: https://eu.example, see https://x"

    refused = refusal(421, _body(said), {})

    assert isinstance(refused, fleet.OutOfRegion)
    assert refused.base_url == "https://eu.example"


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"Retry in 42 seconds\n", {}, 42.0),
        (b"Retry in 42 seconds\n", {"Retry-After": "7"}, 7.0),
        (b"", {"RateLimit-Reset": "9"}, 9.0),
        (b"", {"retry-after": "nonsense", "ratelimit-reset": "3"}, 3.0),
        (b"", {"retry-after": "-5"}, 0.0),
        (b"", {"retry-after": "1e12"}, 86_400.0),
        (b"", {"retry-after": "nan"}, None),
        (b"", {"retry-after": "inf"}, None),
        (b"", {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        (b"", {"retry-after": "Wed, 21 Oct 2015 07:28:00 -0000"}, 0.0),
        (b"", {}, None),
    ],
)
def test_refusal_says_how_long_to_wait(
    body: bytes, headers: dict[str, str], expected: float | None
) -> None:
    refused = refusal(429, body, headers)

    assert refused.retry_after_s == expected


def test_refusal_reads_a_date_to_wait_for() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)

    refused = refusal(503, b"", {"Retry-After": later})

    assert refused.retry_after_s is not None
    assert 80 < refused.retry_after_s <= 90


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", ""),
        (b"Retry in 5 seconds\n", "Retry in 5 seconds"),
        (b"<html><body>Bad Gateway</body></html>", ""),
        (b'{"error": "cut o', ""),
        (b"[1, 2", ""),
        (b"\xff\xfe\x00", ""),
        (b"null", ""),
        (b'{"error": {"nested": 1}}', ""),
        (b"[" * 100_000, ""),
    ],
)
def test_refusal_reads_odd_bodies(body: bytes, code: str) -> None:
    assert refusal(502, body, {}).code == code


@given(
    st.integers(300, 999),
    st.binary(max_size=300),
    st.dictionaries(
        st.sampled_from(["Retry-After", "ratelimit-reset", "Alt-Svc", "x-txid"]),
        st.text(max_size=40),
    ),
)
def test_refusal_survives_any_answer(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    refused = refusal(status, body, headers)

    assert refused.status == status
    assert 400 <= refused.api_status <= 599
    assert refused.api_code
    assert len(str(refused)) < 500
    assert "\n" not in str(refused)
    assert explain(refused).words


@given(st.sampled_from(SECRETS), st.text(max_size=30), st.integers(400, 599))
def test_refusal_never_shows_a_secret(secret: str, around: str, status: int) -> None:
    said = f"{around} {secret} {around}"
    body = json.dumps({"error": said, "error_description": said, "txid": said})

    refused = refusal(status, body.encode(), {"x-txid": said}, secrets=SECRETS)

    assert secret not in "".join(map(str, [refused, repr(refused), vars(refused)]))


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


def test_unenveloped_finds_the_error_in_an_answer_200() -> None:
    said = "vehicle unavailable: vehicle is offline or asleep"

    asleep = unenveloped({"response": None, "error": said, "error_description": "d"})
    other = unenveloped({"response": None, "error": "odd", "error_description": 1})

    assert isinstance(asleep, fleet.VehicleUnavailable)
    assert (asleep.status, asleep.code, asleep.description) == (200, said, "d")
    assert type(other) is Refused
    assert (other.api_status, other.api_code, other.description) == (502, "odd", "")


@pytest.mark.parametrize(
    "document",
    [
        {"response": {}, "error": "odd"},
        {"response": None},
        {"response": None, "error": ""},
        {"response": None, "error": None},
    ],
)
def test_unenveloped_leaves_other_answers(document: dict[str, object]) -> None:
    assert unenveloped(document) is None


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
