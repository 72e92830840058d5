"""One connection to an endpoint, with one request at a time; httptools reads the answers."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import cast

import httptools

_MOST_HEAD_BYTES = 16 * 1024
_SWITCHING = 101
_BODILESS = frozenset({204, 304})


class ConnectTimeout(TimeoutError):
    """Nobody answered at the other end in time."""


class Unresolved(OSError):
    """A name leads nowhere."""


class Reset(ConnectionResetError):
    """The other side ended the connection before it answered."""


class Partial(OSError):
    """The other side ended the connection within its answer."""


class BadAnswer(ValueError):
    """What came is not HTTP, or too much of it."""


@dataclass(slots=True)
class Answer:
    """Hold what came back: its head, and the beginning of its body."""

    status: int
    retry_after: str | None
    body: bytes
    peer: str


class Connection(asyncio.Protocol):
    """Send requests and read their answers.

    Of each answer's body `most` bytes are read at most, and `kept` returned.
    """

    def __init__(self, most: int, kept: int) -> None:
        self._most, self._kept = most, kept
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self._peer = ""
        self._retry_after: str | None = None
        self._head_size = 0
        self._end_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.idle_since_s = 0.0
        self._begin()

    @property
    def is_open(self) -> bool:
        """Tell whether another request may be made."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, content: bytes, end_s: float) -> Answer:
        """Send a request and return its answer; it must be there by `end_s`."""
        if self._transport is None:
            raise Reset
        loop = asyncio.get_running_loop()
        self._begin()
        waiter: asyncio.Future[Answer] = loop.create_future()
        self._waiter, self._end_s = waiter, end_s
        if self._timer is None or self._timer.when() > end_s:
            self._set_timer(loop)
        self._transport.write(content)
        try:
            return await waiter
        except BaseException:
            # What comes yet would be taken for the next one's answer.
            self._end()
            raise

    def close(self) -> None:
        """Close it; nobody waits for anything."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if peer else ""

    def data_received(self, data: bytes) -> None:
        """Read what came; what nobody asked for ends the connection."""
        if self._waiter is None:
            self._end()
            return
        self._came += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._end()
        except httptools.HttpParserError as error:
            self._fail(BadAnswer(str(error)))
        # Of what is not complete, and of what frames a body, the parser tells nothing.
        if self._is_in_body and self._came > self._most + _MOST_HEAD_BYTES:
            self._end()
        elif not self._is_in_body and self._came > _MOST_HEAD_BYTES:
            self._fail(BadAnswer("The head of the answer is too long"))

    def connection_lost(self, error: Exception | None) -> None:
        """Say what became of the answer."""
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._is_in_body and self._ends_with_connection and error is None:
            self._finish()
        elif self._is_in_body:
            self._fail(Partial())
        elif isinstance(error, ssl.SSLError):
            self._fail(error)
        else:
            self._fail(Reset())

    # What follows is called by the parser.

    def on_message_begin(self) -> None:
        """Take no second answer to one request."""
        if self._waiter is None:
            self._end()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note the few that matter."""
        self._head_size += len(name) + len(value)
        if self._head_size > _MOST_HEAD_BYTES:
            raise BadAnswer
        name = name.lower()
        if name == b"retry-after":
            self._retry_after = value.decode("latin-1")
        elif name == b"content-length" or (
            name == b"transfer-encoding" and b"chunked" in value.lower()
        ):
            self._ends_with_connection = False

    def on_headers_complete(self) -> None:
        """Begin the body, unless this is only a word in between."""
        self._status = self._parser.get_status_code()
        if self._status >= 200 or self._status == _SWITCHING:
            self._is_in_body = True
            if self._status in _BODILESS:
                self._ends_with_connection = False
        else:
            self._begin()

    def on_body(self, body: bytes) -> None:
        """Take the beginning, and as much as is read of the rest."""
        if not self._is_in_body:
            return
        self._size += len(body)
        if len(self._body) < self._kept:
            self._body += body[: self._kept - len(self._body)]
        if self._size >= self._most:
            self._end()

    def on_message_complete(self) -> None:
        """Hand the answer over; the connection is kept if both want it."""
        if not self._is_in_body:
            return
        if self._parser.should_keep_alive() and not self._ends_with_connection:
            self._finish()
        else:
            self._end()

    def _set_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look at the time when this request's is up; the next ones need no timer."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(self._end_s, self._look_at_time, loop)

    def _look_at_time(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._waiter is None:
            return
        # The loop counts in milliseconds.
        if loop.time() >= self._end_s - 0.001:
            self._fail(TimeoutError())
        else:
            self._set_timer(loop)

    def _begin(self) -> None:
        self._retry_after = None
        self._ends_with_connection = True
        self._is_in_body = False
        self._status = self._size = self._came = self._head_size = 0
        self._body = b""

    def _end(self) -> None:
        """Hand over what there is, and close the connection."""
        if self._is_in_body:
            self._finish()
        if self._transport is not None:
            self._transport.abort()

    def _finish(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(
                Answer(self._status, self._retry_after, self._body, self._peer)
            )

    def _fail(self, error: Exception) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)
        if self._transport is not None:
            self._transport.abort()
