"""What arrives on the wire that no browser sends, at the server as it runs."""

import socket
from urllib.parse import urlsplit

import pytest

from tests.fixtures.live import LiveConsole

pytestmark = pytest.mark.xdist_group("live")

HOST = b"Host: localhost\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
FORM = b"POST /accounts/login/ HTTP/1.1\r\n" + HOST


def answers(live_console: LiveConsole, sent: bytes) -> tuple[list[int], bool]:
    """Send bytes; return the status of each answer, and whether the server hung up."""
    place = urlsplit(live_console.url)
    got, hung_up = b"", False
    with socket.create_connection((place.hostname, place.port), timeout=5) as wire:
        try:
            wire.sendall(sent)
            while part := wire.recv(65536):
                got += part
            hung_up = True
        except TimeoutError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            hung_up = True
    heads = got.split(b"HTTP/1.1 ")[1:]
    return [int(head[:3]) for head in heads], hung_up


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        # The chunks count, and nothing is read after them (RFC 9112, section 6.1).
        (
            FORM
            + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            + SMUGGLED,
            403,
        ),
        (
            FORM
            + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"
            + SMUGGLED,
            403,
        ),
        (
            FORM + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd" + SMUGGLED,
            400,
        ),
        (FORM + b"Content-Length: 4, 5\r\n\r\nabcd" + SMUGGLED, 400),
        (FORM + b"Content-Length: +4\r\n\r\nabcd" + SMUGGLED, 400),
        (FORM + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
        (FORM + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED, 400),
        (FORM + b"X: a\r\n folded\r\n\r\n", 400),
        (FORM + b"X: a\x00b\r\n\r\n", 400),
        (FORM + b"X: a\r\n" * 200 + b"\r\n", 431),
        (FORM + b"Content-Length: 4000000\r\n\r\n" + b"a" * (1024 * 1024 + 1), 413),
    ],
)
def test_request_of_two_readings_is_answered_once_and_the_server_hangs_up(
    live_console: LiveConsole, sent: bytes, status: int
) -> None:
    assert answers(live_console, sent) == ([status], True)


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        (b"/%61pi/ping", b"localhost", 400),
        (b"/api/%2e%2e/console/", b"localhost", 400),
        (b"/api/../console/", b"localhost", 400),
        (b"/", b"evil.example", 400),
        (b"/", b"localhost:1@evil.example", 400),
        (b"/", b"localhost\r\nHost: evil.example", 400),
        (b"@evil.example/", b"localhost", 400),
        (b"/" + b"a" * 70_000, b"localhost", 414),
    ],
)
def test_address_that_is_none_of_ours_is_refused(
    live_console: LiveConsole, path: bytes, host: bytes, status: int
) -> None:
    head = b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\n"
    sent = head + b"Connection: close\r\n\r\n"
    assert answers(live_console, sent) == ([status], True)
