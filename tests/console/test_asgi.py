"""Which door answers which address, and who gets to see a token in the query."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_started

from console import asgi
from tokens import well_known

Messages = list[dict[str, Any]]


def ask(path: str, query: bytes = b"", kind: str = "http", **more: Any) -> Messages:
    """Send one request to the application; return what it sent back."""
    scope = {
        "type": kind,
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


def test_web_socket_is_refused() -> None:
    assert ask("/", kind="websocket") == [{"type": "websocket.close", "code": 1000}]


def test_life_of_the_process_is_followed() -> None:
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
