"""Only what Paddle signed, whole and just now, is genuine."""

import hashlib
import hmac

import pytest

from billing.provider.paddle.signature import TOLERANCE_S, is_genuine

NOW = 1_800_000_000
SECRET = "pdl_ntfset_tests"
BODY = b'{"event_id":"evt_1"}'


def digest(body: bytes = BODY, *, ts: str = str(NOW), secret: str = SECRET) -> str:
    signed = ts.encode() + b":" + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def genuine(header: str, body: bytes = BODY, *secrets: str) -> bool:
    return is_genuine(body, header, secrets or (SECRET,), now_s=NOW)


def test_good_signature_is_genuine() -> None:
    assert genuine(f"ts={NOW};h1={digest()}") is True


def test_second_of_two_signatures_is_enough() -> None:
    assert genuine(f"ts={NOW};h1={'0' * 64};h1={digest()}") is True


def test_second_of_two_secrets_is_enough() -> None:
    header = f"ts={NOW};h1={digest(secret='new')}"
    assert genuine(header, BODY, SECRET, "new") is True


def test_signature_of_another_secret_is_not() -> None:
    assert genuine(f"ts={NOW};h1={digest(secret='another')}") is False


@pytest.mark.parametrize("place", range(len(BODY)))
def test_body_altered_in_one_byte_is_not(place: int) -> None:
    altered = BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :]
    assert genuine(f"ts={NOW};h1={digest()}", altered) is False


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-TOLERANCE_S - 1, False),
        (-TOLERANCE_S, True),
        (-TOLERANCE_S + 1, True),
        (TOLERANCE_S - 1, True),
        (TOLERANCE_S, True),
        (TOLERANCE_S + 1, False),
    ],
)
def test_time_may_differ_by_the_tolerance(seconds: int, *, expected: bool) -> None:
    ts = str(NOW + seconds)
    assert genuine(f"ts={ts};h1={digest(ts=ts)}") is expected


@pytest.mark.parametrize(
    "times",
    ["", "ts=abc;", "ts=;", f"ts={'9' * 40};", f"ts={NOW};ts={NOW};", "ts=१२३;"],
)
def test_time_that_cannot_be_read_is_not(times: str) -> None:
    assert genuine(f"{times}h1={digest()}") is False


@pytest.mark.parametrize(
    "value",
    [digest().upper(), digest()[:63], digest() + "0", "ä" * 64, "", "x" * 64],
)
def test_digest_that_cannot_be_read_is_not(value: str) -> None:
    assert genuine(f"ts={NOW};h1={value}") is False


def test_other_versions_are_passed_over() -> None:
    assert genuine(f"ts={NOW};h2=whatever;h1={digest()}") is True
    assert genuine(f"ts={NOW};h2={digest()}") is False


def test_body_that_is_no_text_can_be_signed() -> None:
    body = b"\xff\xfe\x00"
    assert genuine(f"ts={NOW};h1={digest(body)}", body) is True
    assert genuine(f"ts={NOW};h1={digest()}", body) is False


@pytest.mark.parametrize("header", ["", ";", "=", "h1", "ts", "\x00", "ä=ö"])
def test_odd_header_is_not(header: str) -> None:
    assert genuine(header) is False


def test_huge_header_is_not() -> None:
    good = f"ts={NOW};h1={digest()}"
    assert genuine(f"{good};{'x' * 100_000}") is False


def test_no_variable_switches_the_check_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_MODE", "1")
    assert genuine(f"ts=1;h1={digest(ts='1')}") is False
