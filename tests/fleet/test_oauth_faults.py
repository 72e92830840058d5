"""Sign-in in bad weather: every odd answer of the token endpoint."""

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from fleet import oauth
from fleet.errors import (
    FleetError,
    InvalidRequest,
    LoginRequired,
    ServerFault,
    TimedOut,
    Unreachable,
    Unreadable,
)
from fleet.oauth import Application
from fleet.wire import Timeouts
from tests.fleet.loopback import Loopback, cut, dripping, hosts_at, http, silent

OURS = Application("our-client", "our-secret", "https://console.example/callback")
REFRESH_TOKEN = "NA_our-refresh-token"
GOOD = {"access_token": "an-access-token", "expires_in": 28800}


@pytest.fixture
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oauth, "_TIMEOUTS", Timeouts(0.3, 0.3, 0.3))


def _refresh_from(*answers: object) -> FleetError | oauth.TeslaTokens:
    with Loopback(*answers) as server:  # type: ignore[arg-type]  # bytes or an answerer
        try:
            return oauth.refresh(hosts_at(server.url), OURS, REFRESH_TOKEN)
        except FleetError as error:
            return error


@pytest.mark.parametrize(
    ("answer", "kind", "status"),
    [
        (http(b"<html>Bad Gateway</html>", 502), ServerFault, 502),
        (http(b"<html>Welcome</html>", 200), Unreadable, 200),
        (http(b'{"access_token": "cut', 200), Unreadable, 200),
        (http(b"[" * 100_000, 200), Unreadable, 200),
        (http([], 200), Unreadable, 200),
        (http({"expires_in": 1}, 200), Unreadable, 200),
        (http({"access_token": "", "expires_in": 1}, 200), Unreadable, 200),
        (http({"access_token": 7, "expires_in": 1}, 200), Unreadable, 200),
        (http({"access_token": "a"}, 200), Unreadable, 200),
        (http({"access_token": "a", "expires_in": True}, 200), Unreadable, 200),
        (http({"access_token": "a", "expires_in": "soon"}, 200), Unreadable, 200),
        (http({"access_token": "a", "expires_in": 0}, 200), Unreadable, 200),
        (http({"access_token": "a", "expires_in": 10**12}, 200), Unreadable, 200),
        (http(b"x" * 300_000, 200), Unreadable, 200),
        (http(b"", 302, Location="https://evil.example/"), Unreadable, 302),
        (http({"error": "server_error"}, 400), ServerFault, 400),
        (http({"error": "login_required"}, 401), LoginRequired, 401),
        (http({"error": "invalid_grant"}, 400), LoginRequired, 400),
        (http({"error": "invalid_request"}, 400), InvalidRequest, 400),
        (http(b"", 500), ServerFault, 500),
        (cut(), Unreachable, None),
        (cut(http(GOOD)[:-5]), Unreachable, None),
        (http(GOOD).replace(b"HTTP/1.1", b"ICY"), Unreadable, None),
    ],
)
def test_bad_answer_to_a_refresh_has_its_error(
    answer: object, kind: type[FleetError], status: int | None
) -> None:
    error = _refresh_from(answer)

    assert type(error) is kind
    assert error.status == status


@pytest.mark.usefixtures("_hurry")
@pytest.mark.parametrize(
    "answer", [silent, dripping(http(GOOD), 0.02)], ids=["silent", "dripping"]
)
def test_slow_answer_times_out_as_a_whole(answer: object) -> None:
    began_at = datetime.now(UTC)

    error = _refresh_from(answer)

    assert type(error) is TimedOut
    assert datetime.now(UTC) - began_at < timedelta(seconds=5)


def test_refresh_is_sent_once_whatever_comes_of_it() -> None:
    with Loopback(cut()) as server:
        with pytest.raises(Unreachable):
            oauth.refresh(hosts_at(server.url), OURS, "NA_refresh")

        assert len(server.asked) == 1


def test_no_server_is_unreachable() -> None:
    with Loopback(b"") as server:
        gone = server.url

    with pytest.raises(Unreachable) as caught:
        oauth.refresh(hosts_at(gone), OURS, "NA_refresh")

    assert caught.value.api_status == 503
    assert "refused" in caught.value.description


def test_tokens_may_come_without_the_optional_ones() -> None:
    tokens = _refresh_from(http({**GOOD, "refresh_token": "", "id_token": None}))

    assert isinstance(tokens, oauth.TeslaTokens)
    assert (tokens.refresh_token, tokens.id_token) == (None, None)


@pytest.mark.parametrize(
    "answer",
    [http({"keys": {}}), http([]), http(b"<html>"), http(b"", 404), cut()],
)
def test_bad_list_of_keys_has_an_error(answer: bytes) -> None:
    with Loopback(answer) as server, pytest.raises(FleetError):
        oauth.fetch_jwks(hosts_at(server.url))


def test_secrets_are_not_shown() -> None:
    tokens = oauth.TeslaTokens(
        "an-access-token", "a-refresh-token", "an-id-token", datetime.now(UTC)
    )

    assert "our-secret" not in repr(OURS)
    assert "our-client" in repr(OURS)
    assert "token'" not in repr(tokens)


SECRETS = (REFRESH_TOKEN, "our-secret", "an-access-token")


def _echoes() -> Iterator[object]:
    said = " ".join(SECRETS)
    for status in (400, 401, 403, 500):
        yield http({"error": said, "error_description": said, "txid": said}, status)
        yield http(said.encode(), status, X_Txid=said)
    yield http(f"<html>{said}</html>".encode())
    yield http(json.dumps({"access_token": SECRETS[2]}).encode()[:-1])
    yield http({"access_token": SECRETS[2], "expires_in": "never"})
    yield cut(said.encode())


@pytest.mark.parametrize("answer", list(_echoes()))
def test_errors_and_logs_never_contain_a_token(
    answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    error = _refresh_from(answer)

    assert isinstance(error, FleetError)
    shown = "".join(traceback.format_exception(error))
    for told in (shown, repr(error), repr(vars(error)), caplog.text):
        assert SECRETS[0] not in told
    assert SECRETS[1] not in repr(vars(error))
