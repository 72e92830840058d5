"""Refusals: answers with a status of error become errors."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, strategies as st

import fleet
from fleet.errors import Refused, explain, refusal
from fleet.errors.refusals import unenveloped

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"
SECRETS = (JWT, "NA_" + "0123456789abcdef" * 2, "s3cret/of+ours")


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
