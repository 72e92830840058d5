"""Only what Stripe signed just now is genuine, however odd the header."""

import hashlib
import hmac

import pytest
import stripe

from billing.provider.stripe.signature import TOLERANCE_S, is_genuine

SECRET, OTHER = "whsec_one", "whsec_two"
NOW_S = 1_790_000_000
BODY = b'{"id":"evt_1"}'


def digest(secret: str = SECRET, at: str = str(NOW_S), body: bytes = BODY) -> str:
    return hmac.new(
        secret.encode(), at.encode() + b"." + body, hashlib.sha256
    ).hexdigest()


def genuine(header: str, body: bytes = BODY, now_s: float = NOW_S) -> bool:
    return is_genuine(body, header, [SECRET], now_s=now_s)


def test_good_signature_is_genuine() -> None:
    assert genuine(f"t={NOW_S},v1={digest()}")


def test_library_agrees() -> None:
    header = stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET)
    at = int(header.partition("t=")[2].partition(",")[0])
    assert genuine(header, now_s=at)


def test_second_of_two_signatures_and_secrets_is_enough() -> None:
    header = f"t={NOW_S},v1={digest(OTHER)},v1={digest()}"
    assert genuine(header)
    assert is_genuine(BODY, f"t={NOW_S},v1={digest()}", [OTHER, SECRET], now_s=NOW_S)


@pytest.mark.parametrize("seconds", [-TOLERANCE_S - 1, TOLERANCE_S + 1])
def test_time_may_not_differ_by_more_than_the_tolerance(seconds: int) -> None:
    header = f"t={NOW_S},v1={digest()}"
    assert genuine(header, now_s=NOW_S + seconds) is False
    assert genuine(header, now_s=NOW_S + seconds - seconds // abs(seconds)) is True


@pytest.mark.parametrize(
    "header",
    [
        "",
        "x",
        f"v1={digest()}",
        f"t={NOW_S}",
        f"t={NOW_S},t={NOW_S},v1={digest()}",
        f"t=abc,v1={digest()}",
        f"t={'9' * 40},v1={digest()}",
        f"t={NOW_S},v0={digest()}",
        f"t={NOW_S},v1={digest().upper()}",
        f"t={NOW_S},v1={digest()[1:]}",
        f"t={NOW_S},v1={'é' * 64}",
        f"t={NOW_S},v1={digest(OTHER)}",
        f"t={NOW_S},v1={digest()}," + "a" * 100_000,
    ],
)
def test_odd_header_is_not(header: str) -> None:
    assert genuine(header) is False


def test_body_altered_in_one_byte_is_not() -> None:
    assert genuine(f"t={NOW_S},v1={digest()}", BODY + b" ") is False


def test_body_that_is_no_text_can_be_signed() -> None:
    raw = b"\xff\xfe"
    assert genuine(f"t={NOW_S},v1={digest(body=raw)}", raw)
