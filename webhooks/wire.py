"""Make requests over connections that are kept, with nothing that webhooks do not need.

httptools reads the answers. What a client for everything does besides (sessions,
cookies, redirects, proxies, a timer and a task for each request) costs more than all
the rest of a delivery; docs/decisions/0014 has the figures.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import aiofastnet
from yarl import URL

from webhooks.connection import (
    Answer,
    Connection,
    ConnectTimeout,
    Reset,
    Unresolved,
)
from webhooks.guard import Guard

KEPT_S = 30.0
_Tls = ssl.SSLContext | None
_Place = tuple[str, int, _Tls]


class Wire:
    """Hold the connections that one guard allows.

    Of each answer's body `most` bytes are read at most, and `kept` returned.
    """

    def __init__(self, guard: Guard, connect_s: float, *, most: int, kept: int) -> None:
        self._guard, self._connect_s = guard, connect_s
        self._make_line = partial(Connection, most, kept)
        self._idle: dict[_Place, deque[Connection]] = {}
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
        self, url: URL, content: bytes, *, tls: _Tls, total_s: float
    ) -> Answer:
        """Return the answer to one `request`, cut where it is longer than is read.

        Raises `Blocked`, the errors of `connection`, TimeoutError, ssl.SSLError, OSError.
        """
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

    def _kept(self, place: _Place) -> Connection | None:
        lines = self._idle.get(place)
        while lines:
            line = lines.pop()
            if line.is_open:
                return line
        return None

    def _keep(self, place: _Place, line: Connection) -> None:
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

    async def _connect(self, place: _Place, end_s: float) -> Connection:
        host, port, tls = place
        now_s = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(end_s, now_s + self._connect_s)):
                return await self._connect_to(host, port, tls)
        except TimeoutError as error:
            raise ConnectTimeout(host) from error

    async def _connect_to(self, host: str, port: int, tls: _Tls) -> Connection:
        try:
            found = await self._guard.resolve(host, port)
        except (socket.gaierror, UnicodeError) as error:
            raise Unresolved(host) from error
        problem: OSError = Unresolved(host)
        for left, info in zip(range(len(found), 0, -1), found, strict=True):
            try:
                # So that an address that is silent leaves time for the next one.
                async with asyncio.timeout(self._connect_s / left):
                    return await self._open(info, host, tls)
            except ssl.SSLError:
                raise
            except OSError as error:
                problem = error
        raise problem

    async def _open(self, info: tuple[Any, ...], host: str, tls: _Tls) -> Connection:
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


def head_of(url: URL, headers: Mapping[str, str]) -> bytes:
    """Return the beginning of all requests to an address that share some headers.

    Raises ValueError for headers that are none.
    """
    first = f"POST {url.raw_path_qs} HTTP/1.1", f"Host: {url.host_port_subcomponent}"
    return _lines([*first, *map(": ".join, headers.items())])


def request(head: bytes, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a request that begins so, with headers of its own.

    Raises ValueError for headers that are none.
    """
    lines = _lines(list(map(": ".join, headers.items())))
    return b"%b%bContent-Length: %d\r\n\r\n%b" % (head, lines, len(body), body)


def _lines(lines: Sequence[str]) -> bytes:
    text = "\r\n".join([*lines, ""])
    if not text.count("\r") == text.count("\n") == len(lines):
        raise ValueError("a header has more than one line")
    return text.encode()
