"""What a log line holds, and what it never holds."""

import json
import logging
import time

import pytest
from django.test import Client

from console.logs import REMOVED, JSONFormatter, redact

TOKEN = "kf_" + "a1B2" * 9 + "zz"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
PEM = "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----"


def _record(message: str, *args: object, **facts: object) -> logging.LogRecord:
    record = logging.LogRecord("console", logging.INFO, "x.py", 1, message, args, None)
    vars(record).update(facts)
    return record


def _line(record: logging.LogRecord) -> dict[str, object]:
    text = JSONFormatter().format(record)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"GET /api/1/vehicles?token={TOKEN}&x=1", TOKEN),
        ("GET /api/1/vehicles?token=abc", "abc"),
        (f"Authorization: Bearer {TOKEN}", TOKEN),
        ("authorization: Bearer abc.def", "abc.def"),
        ('{"refresh_token": "NA_secret-words", "x": 1}', "NA_secret-words"),
        ("{'access_token': 'one two'}", "one two"),
        ("client_secret=hunter2", "hunter2"),
        ("/accounts/tesla/callback?code=EU_abc&state=xyz", "EU_abc"),
        ("/accounts/tesla/callback?code=EU_abc&state=xyz", "xyz"),
        ("Cookie: sessionid=abcdef", "abcdef"),
        ("password = 'it is'", "it is"),
        (f"got {JWT} there", JWT),
        (f"got {TOKEN} there", TOKEN),
        ("column v1:k1:AAAAAAAAAAAAAAAAAAAAAAAA== there", "AAAAAAAAAAAAAAAAAAAAAAAA"),
        (f"key {PEM} there", "MIGHAgEA"),
        ("postgresql://keyfob:hunter2@db/keyfob", "hunter2"),
    ],
)
def test_redact_removes_secrets(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redact(text)
    assert REMOVED in redact(text)


def test_redact_keeps_the_end_of_a_vin() -> None:
    assert redact("car 5YJ3E1EA4PF000001 sleeps") == "car VIN…000001 sleeps"


@pytest.mark.parametrize(
    "text",
    ["the token was removed", "tokens.tasks.refresh_due", "GET /console/tokens 200"],
)
def test_redact_leaves_plain_words(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    ["token" * 20_000, "a=" * 50_000, "eyJ" * 33_000, ":" * 100_000, "x" * 100_000],
)
def test_redact_is_quick_on_long_texts(text: str) -> None:
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 1


def test_line_has_time_level_logger_and_message() -> None:
    record = _record("%s answered", "Tesla", created=0.0)
    assert _line(record) == {
        "time": "1970-01-01T00:00:00+00:00",
        "level": "info",
        "logger": "console",
        "message": "Tesla answered",
    }


def test_line_break_cannot_start_a_line_of_its_own() -> None:
    line = _line(_record('name\n{"level": "error"}'))
    assert (line["level"], line["message"]) == ("info", 'name\n{"level": "error"}')


def test_error_is_written_without_secrets() -> None:
    record = _record("failed")
    record.exc_info = (ValueError, ValueError(f"bad {TOKEN}"), None)
    line = _line(record)
    assert "ValueError: bad" in str(line["error"])
    assert TOKEN not in str(line["error"])


def test_extras_are_written_when_they_are_plain() -> None:
    line = _line(_record("x", status_code=500, path="/a?token=abc", event=object()))
    assert line["status_code"] == 500
    assert line["path"] == f"/a?token={REMOVED}"
    assert "event" not in line


def test_foreign_host_is_one_warning_without_traceback(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/", headers={"host": "foreign.example.org"})
    assert answer.status_code == 400
    (record,) = caplog.records
    line = _line(record)
    assert (line["level"], line["logger"]) == (
        "warning",
        "django.security.DisallowedHost",
    )
    assert "foreign.example.org" in str(line["message"])
    assert "error" not in line


def test_foreign_host_is_not_written_where_warnings_are_not(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    client.get("/", headers={"host": "foreign.example.org"})
    assert caplog.records == []
