"""The ASGI door of streams: who may, gets what is known, then what happens.

Whoever may not is refused with a status and told why, never let in and closed: clients
come back at once when a stream simply ends.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

from events.errors import Unavailable
from telemetry.stream import frames
from telemetry.stream.admission import Admission, Listener, NotAdmitted, refusal
from telemetry.stream.counting import Streams
from telemetry.stream.hub import Hub
from telemetry.stream.known import Known
from telemetry.stream.mailbox import Mailbox
from telemetry.stream.watch import Watch

Scope = dict[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger(__name__)
# Some clients end a request that has no body with the end of one. Over a connection that
# is kept that would be the next request, and its refusal the answer to the one after.
_CLOSE = (b"connection", b"close")
_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
    _CLOSE,
]


class Live:
    """What the stream doors of one process share: the hub, what is known, the watch."""

    def __init__(self, redis_url: str) -> None:
        self.known = Known(redis_url)
        self.hub = Hub(redis_url, self.known)
        self.streams = Streams(self.known)
        self.watch = Watch(self.hub, self.known, self.streams)
        self.is_ending = False

    def end(self) -> None:
        """End all streams cleanly, and let nobody in any more."""
        self.is_ending = True
        self.watch.end_all()

    def check_open(self) -> None:
        """Raise `NotAdmitted` where nobody is let in any more."""
        if self.is_ending:
            raise refusal(
                503,
                "restarting",
                "Keyfob restarts. Come back in a moment.",
                ((b"retry-after", b"2"),),
            )

    async def close(self) -> None:
        """End all streams and close the connections."""
        self.end()
        await self.watch.close()
        await self.streams.leave()
        await self.hub.close()
        await self.known.close()


class Stream:
    """One door; `most` is how many streams an account may have, at all doors."""

    def __init__(self, admission: Admission, live: Live, *, most: int) -> None:
        self._admission = admission
        self._live = live
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one stream, for as long as it lasts."""
        try:
            listener = await self._admit(scope)
        except NotAdmitted as no:
            await _refuse(no, send)
            return
        account, streams = listener.account_id, self._live.streams
        with streams.counted(account):
            # Counted before others are heard of, so that no two pass for one.
            if await streams.everywhere(account) > self._most:
                await _refuse(self._too_many(streams.here(account)), send)
                return
            await self._serve(listener, receive, send)

    async def _admit(self, scope: Scope) -> Listener:
        self._live.check_open()
        if scope["method"] != "GET":
            raise refusal(
                405, "invalid_method", "This address takes GET.", ((b"allow", b"GET"),)
            )
        query: bytes = scope["query_string"]
        # A client of TypeScript writes two question marks.
        return await self._admission.admit(
            {**scope, "query_string": query.removeprefix(b"?")}
        )

    async def _serve(self, listener: Listener, receive: Receive, send: Send) -> None:
        box = Mailbox(listener, partial(_write, send))
        live = self._live
        try:
            await live.hub.start()
            # Once it is watched over, the end of all is its end, too; not before.
            live.check_open()
            # Heard of before it is looked up, so that nothing falls between the two.
            live.watch.add(box, self._admission)
            first = frames.RETRY + await self._snapshot(listener)
        except Unavailable:
            live.watch.remove(box)
            await _refuse(_away(), send)
            return
        except NotAdmitted as no:
            await _refuse(no, send)
            return
        gone = asyncio.create_task(_gone(box, receive))
        box.writer = asyncio.current_task()
        try:
            await send(
                {"type": "http.response.start", "status": 200, "headers": _HEADERS}
            )
            box.sending()
            await box.write(first)
            while text := await box.take():
                await box.write(text)
            if not box.is_dropped:
                await send({"type": "http.response.body", "body": b""})
        except asyncio.CancelledError:
            if not box.is_dropped:
                raise
        finally:
            live.watch.remove(box)
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone

    async def _snapshot(self, listener: Listener) -> bytes:
        asked = listener.asked
        if not asked.snapshot:
            return b""
        return await self._live.known.text(
            listener.account_id, asked, listener.products, listener.places
        )

    def _too_many(self, here: int) -> NotAdmitted:
        # What others tell may be a moment old.
        after_s = b"30" if here > self._most else b"2"
        return refusal(
            429,
            "too_many_streams",
            f"An account may have {self._most} streams at a time. Close one.",
            ((b"retry-after", after_s),),
        )


def _away() -> NotAdmitted:
    return refusal(
        503,
        "stream_unavailable",
        "Keyfob cannot reach its Redis. Try again shortly.",
        ((b"retry-after", b"5"),),
    )


def _write(send: Send, text: bytes) -> Awaitable[None]:
    return send({"type": "http.response.body", "body": text, "more_body": True})


async def _gone(box: Mailbox, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    box.end()


async def _refuse(no: NotAdmitted, send: Send) -> None:
    length = (b"content-length", b"%d" % len(no.body))
    await send(
        {
            "type": "http.response.start",
            "status": no.status,
            "headers": [*no.headers, length, _CLOSE],
        }
    )
    await send({"type": "http.response.body", "body": no.body})
