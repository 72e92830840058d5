"""Signatures, as a library that is not ours verifies them."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from webhooks import ids, signing

BODIES = ["", "{}", '{"a":1}', '{"name":"Zoë 🚗"}', '{"a":"' + "x" * 262_000 + '"}']


@pytest.fixture(params=["UTC", "Asia/Kolkata"])
def zone(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Let the process run in a time zone."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def _headers(secrets: list[str], body: str) -> dict[str, str]:
    at_s = int(time.time())
    keys = [signing.key_of(secret) for secret in secrets]
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at_s),
        "webhook-signature": signing.signature(keys, "msg_1", at_s, body.encode()),
    }


@pytest.mark.parametrize("body", BODIES)
def test_signature_is_verified_by_the_library(zone: str, body: str) -> None:
    secret = signing.new_secret()
    headers = _headers([secret], body)
    if body:
        assert Webhook(secret).verify(body, headers) is not None
    signed = Webhook(secret).sign("msg_1", datetime.now(UTC), body)
    ours = signing.signature(
        [signing.key_of(secret)],
        "msg_1",
        int(headers["webhook-timestamp"]),
        body.encode(),
    )
    assert ours.startswith("v1,")
    assert len(ours) == len(signed)


def test_old_and_new_secret_both_verify() -> None:
    new, old, other = (signing.new_secret() for _ in range(3))
    headers = _headers([new, old], "{}")
    assert Webhook(new).verify("{}", headers) == {}
    assert Webhook(old).verify("{}", headers) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify("{}", headers)


def test_names_follow_from_the_place_and_sort_by_time() -> None:
    here, there = ids.digest_of("3/alice"), ids.digest_of("4/alice")
    first = ids.at(1_700_000_000_000, 0, here)
    assert first == ids.at(1_700_000_000_000, 0, here)
    assert first != ids.at(1_700_000_000_000, 0, there)
    assert first < ids.at(1_700_000_000_000, 1, here)
    assert ids.at(1_700_000_000_000, 1, here) < ids.at(1_700_000_000_001, 0, there)
    assert ids.at(2**48 - 1, 2**16 - 1, 2**64 - 1) == "msg_7" + 25 * "Z"
    # A clock that was put back leaves many more in one millisecond than 65,536.
    assert first != ids.at(1_700_000_000_000, 2**16, here)
    assert first[:14] == "msg_01HF7YAT00"
    assert len(first) == len(ids.new(0)) == 30
    assert ids.new(5) != ids.new(5)
