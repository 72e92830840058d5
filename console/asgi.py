"""The one ASGI entry: the doors for programs first, Django for the rest.

The doors answer without Django's request, which alone would cost more than their whole
work. A `token` in the query is for the API only: no other address gets to see it, so
that nothing there can log it. Django would write a body of any length to a file before
it asks who sends it, and wait for it without end; so bodies are read here, within limits.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
_pages = get_asgi_application()

# What follows reads models, so Django must be set up first.
from accounts import interpreter  # noqa: E402
from api import door  # noqa: E402
from api.request import whole_body  # noqa: E402
from api.responses import Refusal, Response  # noqa: E402
from console import streaming  # noqa: E402
from tokens import well_known  # noqa: E402

# Programs come here by Teslemetry's names, whatever ours is.
_TOKENS = "/oauth/token"
_UNDER_ANY_NAME = frozenset({"/connect", _TOKENS})
doors = streaming.Doors(door.application)
"""The doors of this process's streams."""

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request, or follow the life of the server's process."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] != "http":
        await send({"type": "websocket.close", "code": 1000})
    elif scope["path"].startswith("/api/"):
        await door.application(scope, receive, send)
    elif stream := doors.of(scope["path"]):
        await stream(scope, receive, send)
    elif scope["path"] in _UNDER_ANY_NAME:
        await _page(_under_our_name(_without_token(scope)), receive, send)
    elif scope["path"] == well_known.PATH:
        await well_known.public_key(_without_token(scope), receive, send)
    else:
        await _page(_without_token(scope), receive, send)


async def _page(scope: Scope, receive: Receive, send: Send) -> None:
    """Have Django answer, once the whole body is here."""
    try:
        body = await whole_body(receive)
    except ConnectionAbortedError:
        return
    except Refusal as refusal:
        if scope["path"] == _TOKENS and refusal.status == 400:
            await _try_again(refusal, send)
        else:
            await _refuse(refusal, send)
        return
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_body() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    await _pages(_plainly_typed(scope), receive_body, send)


async def _refuse(refusal: Refusal, send: Send) -> None:
    """Answer in one plain sentence; the server ends what was not read to its end."""
    headers = (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    )
    words = refusal.description.encode()
    await _answer(Response(refusal.status, headers, words), send)


async def _try_again(late: Refusal, send: Send) -> None:
    """Answer 503 where a body was late: programs give their connection up after a 4xx."""
    again = Refusal(
        503, "temporarily_unavailable", late.description, ((b"retry-after", b"5"),)
    )
    await _answer(again.response(), send)


async def _answer(response: Response, send: Send) -> None:
    length = (b"content-length", b"%d" % len(response.body))
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [*response.headers, length],
        }
    )
    await send({"type": "http.response.body", "body": response.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    """Say that we are ready; at the end write what the door noted, and close it."""
    with _told_to_stop(doors.live.end):
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                interpreter.settle()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await doors.live.close()
                await door.application.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


@contextmanager
def _told_to_stop(end: Callable[[], None]) -> Iterator[None]:
    """Call `end` when the process is told to stop, and then whoever heard it before.

    The server waits for open streams without end, and tells the application of its own
    end only after that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGTERM)

    def hear(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(end)
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _without_token(scope: Scope) -> Scope:
    """Return the scope without what is named `token` in its query."""
    query: bytes = scope["query_string"]
    if not query:
        return scope
    kept = [part for part in query.split(b"&") if _name(part) != b"token"]
    return {**scope, "query_string": b"&".join(kept)}


def _under_our_name(scope: Scope) -> Scope:
    """Return the scope as if the request had named the host of PUBLIC_URL."""
    ours = (b"host", urlsplit(settings.PUBLIC_URL).netloc.encode())
    others = [header for header in scope["headers"] if header[0] != b"host"]
    return {**scope, "headers": [ours, *others]}


def _plainly_typed(scope: Scope) -> Scope:
    """Return the scope with the content type alone, and what separates parts.

    Django looks up any character set that stands beside it, and fails at odd ones; our
    forms, and what programs send, are UTF-8.
    """
    headers = [
        (name, _plain(value) if name == b"content-type" else value)
        for name, value in scope["headers"]
    ]
    return {**scope, "headers": headers}


def _plain(content_type: bytes) -> bytes:
    kind, *more = content_type.split(b";")
    kept = [one for one in more if one.strip().lower().startswith(b"boundary=")]
    return b";".join([kind, *kept])


def _name(part: bytes) -> bytes:
    name, _, _ = part.partition(b"=")
    return unquote_to_bytes(name).strip().lower()
