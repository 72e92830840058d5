"""Which door answers which address, and who gets to see a token in the query."""

import asyncio
import gc
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_started

from api import door
from console import asgi
from tokens import well_known

Messages = list[dict[str, Any]]


def scope_of(path: str, query: bytes = b"", **more: Any) -> dict[str, Any]:
    """Return what the server tells the application of a request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 8000),
        **more,
    }


def ask(path: str, query: bytes = b"", kind: str = "http", **more: Any) -> Messages:
    """Send one request to the application; return what it sent back."""
    scope = scope_of(path, query, type=kind, **more)
    sent: Messages = []
    waiting = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if waiting:
            return waiting.pop(0)
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(asgi.application(scope, receive, send))
    return sent


def body(messages: Messages) -> bytes:
    """Return the body of an answer."""
    return b"".join(message.get("body", b"") for message in messages)


@pytest.fixture
def queries_seen() -> Iterator[list[bytes]]:
    """Collect the query of each request that Django gets to see."""
    seen: list[bytes] = []

    def note(scope: dict[str, Any], **_more: Any) -> None:
        seen.append(scope["query_string"])

    request_started.connect(note)
    yield seen
    request_started.disconnect(note)


def test_api_answers_without_django(queries_seen: list[bytes]) -> None:
    messages = ask("/api/test")
    assert messages[0]["status"] == 401
    assert b"missing_token" in body(messages)
    assert queries_seen == []


@pytest.mark.django_db
def test_public_key_answers_without_django(queries_seen: list[bytes]) -> None:
    messages = ask(well_known.PATH)
    assert messages[0]["status"] in {200, 404}
    assert queries_seen == []


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (b"", b""),
        (b"next=/x", b"next=/x"),
        (b"token=abc", b""),
        (b"a=1&token=abc&b=2", b"a=1&b=2"),
        (b"token=abc&token=def&a=1", b"a=1"),
        (b"%74oken=abc&a=1", b"a=1"),
        (b"tok%65n=abc&a=1", b"a=1"),
        (b"TOKEN=abc&a=1", b"a=1"),
        (b"token&a=1", b"a=1"),
        (b"csrftoken=1&tokens=2", b"csrftoken=1&tokens=2"),
        (b"a=%20", b"a=%20"),
    ],
)
def test_pages_do_not_see_a_token(
    queries_seen: list[bytes], query: bytes, kept: bytes
) -> None:
    messages = ask("/nothing/here", query)
    assert messages[0]["status"] == 404
    assert queries_seen == [kept]


@pytest.mark.parametrize(
    "host", [b"teslemetry.com", b"api.teslemetry.com", b"na.teslemetry.com:443", b"x"]
)
@pytest.mark.django_db
def test_programs_that_sign_in_come_by_any_name(host: bytes) -> None:
    headers = [(b"host", host)]
    (start, *_) = ask("/connect", b"state=1&token=2", headers=headers)
    assert start["status"] == 302
    address = f"{settings.PUBLIC_URL}/console/connect?state=1"
    assert dict(start["headers"])[b"Location"] == address.encode()
    (start, *_) = ask("/oauth/token", headers=headers)
    assert start["status"] == 405
    (start, *_) = ask("/console/connect", headers=headers)
    assert start["status"] == 400


def test_web_socket_is_refused() -> None:
    assert ask("/", kind="websocket") == [{"type": "websocket.close", "code": 1000}]


@pytest.fixture
def collector() -> Iterator[None]:
    """Give the collector back what a process leaves alone, and its usual pace."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def test_life_of_the_process_is_followed(
    monkeypatch: pytest.MonkeyPatch, collector: None
) -> None:
    # The door that other tests go through must stay open.
    monkeypatch.setattr(door, "application", door.Door())
    sent: Messages = []
    coming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

    async def receive() -> dict[str, Any]:
        return coming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(asgi.application({"type": "lifespan"}, receive, send))
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    # What was loaded is looked through no more: that takes long.
    assert gc.get_freeze_count() > 10_000


Coming = Callable[[], Awaitable[dict[str, Any]]]


def post(coming: Coming, path: str = "/accounts/login/") -> Messages:
    """Send a form whose body comes as `coming` gives it; return what was answered."""
    kind = (b"content-type", b"application/x-www-form-urlencoded")
    sent: Messages = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = scope_of(path, method="POST", headers=[(b"host", b"localhost"), kind])
    asyncio.run(asgi.application(scope, coming, send))
    return sent


def test_page_does_not_take_more_than_a_mebibyte(queries_seen: list[bytes]) -> None:
    taken = 0

    async def without_end() -> dict[str, Any]:
        nonlocal taken
        taken += 65536
        return {"type": "http.request", "body": b"a" * 65536, "more_body": True}

    messages = post(without_end)
    assert messages[0]["status"] == 413
    assert body(messages) == b"The body is larger than 1 MiB."
    assert taken <= 1024 * 1024 + 65536
    assert queries_seen == []


def test_page_does_not_wait_for_a_body_without_end(queries_seen: list[bytes]) -> None:
    async def one_sign_an_hour() -> dict[str, Any]:
        # What would take an hour is told to the loop's clock in a moment.
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: setattr(loop, "time", lambda: time.monotonic() + 3600))
        return await asyncio.Future()

    messages = post(one_sign_an_hour)
    assert messages[0]["status"] == 400
    assert body(messages) == b"The body was not there after 30 s."
    assert queries_seen == []


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (b"application/json; charset*=bogus''%41", b"application/json"),
        (b"application/json;charset=rot13", b"application/json"),
        (b"text/plain", b"text/plain"),
        (
            b"multipart/form-data; charset=x; boundary=b",
            b"multipart/form-data; boundary=b",
        ),
    ],
)
def test_odd_character_set_fails_nothing(sent: bytes, seen: bytes) -> None:
    kinds: list[bytes] = []

    def note(scope: dict[str, Any], **_more: Any) -> None:
        kinds.append(dict(scope["headers"])[b"content-type"])

    headers = [(b"host", b"localhost"), (b"content-type", sent)]
    request_started.connect(note)
    try:
        messages = ask("/oauth/token", method="POST", headers=headers)
    finally:
        request_started.disconnect(note)
    assert messages[0]["status"] == 400
    assert kinds == [seen]


def test_program_whose_body_is_late_is_not_told_to_give_up(
    queries_seen: list[bytes],
) -> None:
    async def late() -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: setattr(loop, "time", lambda: time.monotonic() + 3600))
        return await asyncio.Future()

    messages = post(late, "/oauth/token")
    assert messages[0]["status"] == 503
    assert (b"retry-after", b"5") in messages[0]["headers"]
    assert json.loads(body(messages))["error"] == "temporarily_unavailable"
    assert queries_seen == []


def test_page_whose_client_leaves_is_not_made(queries_seen: list[bytes]) -> None:
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    assert post(gone) == []
    assert queries_seen == []


@pytest.mark.django_db
def test_page_gets_a_body_that_came_in_parts() -> None:
    parts = [b"login=nobody&", b"password=x"]

    async def in_parts() -> dict[str, Any]:
        if parts:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    # Without the secret of its page a form gets no further than here.
    assert post(in_parts)[0]["status"] == 403
    assert parts == []
