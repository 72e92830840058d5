"""One request over a kept-alive connection: limits, retries, compression."""

import gzip
import os
import time

import pytest

from fleet.deadlines import deadline
from fleet.errors import TimedOut, Unreachable, Unreadable
from fleet.wire import Answer, Outgoing, Timeouts, send, shared_http
from tests.fleet.loopback import Loopback, cut, dripping, http, silent

HURRIED = Timeouts(connect_s=0.3, read_s=0.3, total_s=0.3)
GOOD = http(b"good", X_Mark="kept")


def _send(
    server: Loopback,
    method: str = "GET",
    timeouts: Timeouts | None = None,
    body_cap: int = 100_000,
) -> Answer:
    outgoing = Outgoing(method, f"{server.url}/x")
    return send(outgoing, timeouts=timeouts or Timeouts(), body_cap=body_cap)


def test_answer_holds_status_headers_and_body() -> None:
    with Loopback(GOOD) as server:
        answer = _send(server)

    assert (answer.status, answer.body) == (200, b"good")
    assert dict(answer.headers)["x-mark"] == "kept"
    assert "good" not in repr(answer)


def test_connection_is_kept_between_calls() -> None:
    with Loopback(GOOD) as server:
        for _ in range(3):
            _send(server)

        assert server.connections == 1


def test_read_is_sent_again_when_a_kept_connection_was_closed() -> None:
    with Loopback(GOOD, cut(), GOOD) as server:
        _send(server)

        assert _send(server).body == b"good"
        assert len(server.asked) == 3


def test_read_is_sent_again_once_only() -> None:
    with Loopback(cut()) as server:
        with pytest.raises(Unreachable):
            _send(server)

        assert len(server.asked) == 2


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_change_is_never_sent_again(method: str) -> None:
    with Loopback(cut()) as server:
        with pytest.raises(Unreachable):
            _send(server, method)

        assert len(server.asked) == 1


def test_read_is_not_sent_again_when_its_answer_had_begun() -> None:
    with Loopback(cut(GOOD[:-1])) as server:
        with pytest.raises(Unreachable):
            _send(server)

        assert len(server.asked) == 1


@pytest.mark.parametrize("pause_s", [0.02, 0.2])
def test_dripping_answer_ends_at_the_deadline(pause_s: float) -> None:
    began = time.monotonic()
    with Loopback(dripping(GOOD * 10, pause_s)) as server, pytest.raises(TimedOut):
        _send(server, timeouts=HURRIED)

    assert time.monotonic() - began < 5


def test_silent_server_times_out_and_is_not_asked_again() -> None:
    with Loopback(silent) as server:
        with pytest.raises(TimedOut):
            _send(server, timeouts=HURRIED)

        assert len(server.asked) == 1


def test_deadline_that_has_passed_ends_the_call_before_it_begins() -> None:
    with Loopback(GOOD) as server, pytest.raises(TimedOut):
        _send(server, timeouts=Timeouts(total_s=0))


def test_deadline_ends_with_its_block() -> None:
    with Loopback(GOOD) as server:
        with deadline(0):
            pass

        assert _send(server).body == b"good"
        assert shared_http().get(server.url, timeout=None).content == b"good"


@pytest.mark.parametrize(("size", "allowed"), [(1000, True), (1001, False)])
@pytest.mark.parametrize("compressed", [False, True])
def test_body_is_capped(size: int, allowed: bool, compressed: bool) -> None:  # noqa: FBT001 - pytest passes them by name
    body = b"x" * size
    answer = (
        http(gzip.compress(body), Content_Encoding="gzip") if compressed else http(body)
    )

    with Loopback(answer) as server:
        if allowed:
            assert _send(server, body_cap=1000).body == body
        else:
            with pytest.raises(Unreadable):
                _send(server, body_cap=1000)


def test_compressed_bomb_is_refused_before_it_fills_memory() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)

    with (
        Loopback(http(bomb, Content_Encoding="gzip")) as server,
        pytest.raises(Unreadable) as caught,
    ):
        _send(server)

    assert str(caught.value) == "Tesla's answer is too large"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"no gzip at all", "gzip"),
        (gzip.compress(b"cut off" * 50, mtime=0)[:-9], "gzip"),
        (b"", "br"),
    ],
)
def test_body_in_another_encoding_is_unreadable(body: bytes, encoding: str) -> None:
    with (
        Loopback(http(body, Content_Encoding=encoding)) as server,
        pytest.raises(Unreadable),
    ):
        _send(server)


def test_empty_body_that_says_gzip_is_empty() -> None:
    with Loopback(http(b"", Content_Encoding="gzip")) as server:
        assert _send(server).body == b""


def test_outgoing_shows_neither_headers_nor_body() -> None:
    outgoing = Outgoing(
        "GET", "https://x/", {"Authorization": "Bearer secret"}, b"secret"
    )

    assert "secret" not in repr(outgoing)


def test_forked_child_gets_a_client_of_its_own() -> None:
    ours = shared_http()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write_end, b"other" if shared_http() is not ours else b"same")
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(read_end, 10) == b"other"
    os.close(read_end)
    os.close(write_end)
