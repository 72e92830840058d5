"""Make requests over connections that are kept, with nothing that webhooks do not need.

httptools reads the answers. What a client for everything does besides (sessions,
cookies, redirects, proxies, a timer and a task for each request) costs more than all
the rest of a delivery; docs/decisions/0014 has the figures.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, cast

import aiofastnet
import httptools
from yarl import URL

from webhooks.guard import Guard

KEPT_S = 30.0
_MOST_HEAD_BYTES = 16 * 1024
_SWITCHING = 101
_BODILESS = frozenset({204, 304})
_Tls = ssl.SSLContext | None
_Place = tuple[str, int, _Tls]


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


class Wire:
    """Hold the connections that one guard allows.

    Of each answer's body `most` bytes are read at most, and `kept` returned.
    """

    def __init__(self, guard: Guard, connect_s: float, *, most: int, kept: int) -> None:
        self._guard, self._connect_s = guard, connect_s
        self._make_line = partial(_Line, most, kept)
        self._idle: dict[_Place, deque[_Line]] = {}
        self._sweep: asyncio.TimerHandle | None = None

    async def close(self) -> None:
        """Close the connections that nobody uses."""
        if self._sweep is not None:
            self._sweep.cancel()
        for lines in self._idle.values():
            for line in lines:
                line.close()
        self._idle.clear()
        # So that what was closed is gone when the loop ends.
        await asyncio.sleep(0)

    async def post(
        self,
        url: URL,
        headers: Mapping[str, str],
        body: bytes,
        *,
        tls: _Tls,
        total_s: float,
    ) -> Answer:
        """Return the answer to one request, cut where it is longer than is read.

        Raises `Blocked`, the errors above, TimeoutError, ssl.SSLError, OSError, and
        ValueError for headers that are none.
        """
        content = _written(_head_of(url), headers, body)
        host, port = url.raw_host, url.port
        assert host is not None and port is not None  # noqa: S101, PT018  # of a webhook
        place = host, port, tls
        end_s = asyncio.get_running_loop().time() + total_s
        line, answer = self._kept(place), None
        if line is not None:
            # It may have been closed while nobody used it; a new one says what is so.
            with suppress(Reset):
                answer = await line.ask(content, end_s)
        if line is None or answer is None:
            line = await self._connect(place, end_s)
            answer = await line.ask(content, end_s)
        if line.is_open:
            self._keep(place, line)
        return answer

    def _kept(self, place: _Place) -> "_Line | None":
        lines = self._idle.get(place)
        while lines:
            line = lines.pop()
            if line.is_open:
                return line
        return None

    def _keep(self, place: _Place, line: "_Line") -> None:
        loop = asyncio.get_running_loop()
        line.idle_since_s = loop.time()
        lines = self._idle.get(place)
        if lines is None:
            lines = self._idle[place] = deque()
        lines.append(line)
        if self._sweep is None:
            self._sweep = loop.call_later(KEPT_S, self._close_old)

    def _close_old(self) -> None:
        """Close what was not used for long, the oldest of each place first."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() - KEPT_S
        for place, lines in list(self._idle.items()):
            while lines and (not lines[0].is_open or lines[0].idle_since_s <= until_s):
                lines.popleft().close()
            if not lines:
                del self._idle[place]
        later = loop.call_later(KEPT_S / 2, self._close_old) if self._idle else None
        self._sweep = later

    async def _connect(self, place: _Place, end_s: float) -> "_Line":
        host, port, tls = place
        now_s = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(end_s, now_s + self._connect_s)):
                return await self._connect_to(host, port, tls)
        except TimeoutError as error:
            raise ConnectTimeout(host) from error

    async def _connect_to(self, host: str, port: int, tls: _Tls) -> "_Line":
        try:
            found = await self._guard.resolve(host, port)
        except (socket.gaierror, UnicodeError) as error:
            raise Unresolved(host) from error
        problem: OSError = Unresolved(host)
        for info in found:
            try:
                return await self._open(info, host, tls)
            except ssl.SSLError:
                raise
            except OSError as error:
                problem = error
        raise problem

    async def _open(self, info: tuple[Any, ...], host: str, tls: _Tls) -> "_Line":
        """Connect to one address, which is checked, and say hello over TLS."""
        loop = asyncio.get_running_loop()
        with self._guard.make_socket(info) as its:
            its.setblocking(False)  # noqa: FBT003  # the standard library's
            await loop.sock_connect(its, info[4])
            its.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # The transport gets a copy, so that whatever happens one of them is closed.
            _, line = await aiofastnet.create_connection(
                loop,
                self._make_line,
                sock=its.dup(),
                ssl=tls,
                server_hostname=host.rstrip(".") if tls else None,
            )
        return line


class _Line(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self, most: int, kept: int) -> None:
        self._most, self._kept = most, kept
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self._peer = ""
        self._retry_after: str | None = None
        self._head_size = 0
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
        self._waiter = waiter
        timer = loop.call_at(end_s, self._fail, TimeoutError())
        self._transport.write(content)
        try:
            return await waiter
        except BaseException:
            # What comes yet would be taken for the next one's answer.
            self._end()
            raise
        finally:
            timer.cancel()

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


@lru_cache(4096)
def _head_of(url: URL) -> str:
    path, host = url.raw_path_qs, url.host_port_subcomponent
    return f"POST {path} HTTP/1.1\r\nHost: {host}\r\n"


def _written(head: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    text = "".join((head, *lines, f"Content-Length: {len(body)}\r\n\r\n"))
    # The request line, Host, Content-Length and the empty line come besides.
    if text.count("\r") != len(lines) + 4 or text.count("\n") != len(lines) + 4:
        raise ValueError("a header has more than one line")
    return text.encode() + body
