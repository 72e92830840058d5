"""Make requests over connections that are kept, with nothing that webhooks do not need.

aiohttp makes the connections, keeps them and reads the answers. What its sessions do
besides (cookies, redirects, proxies, tasks that write) costs more than all the rest of
a delivery, so a request is written here, in one piece.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError, RawResponseMessage
from aiohttp.streams import StreamReader
from yarl import URL

from webhooks.guard import Guard

_Tls = ssl.SSLContext | bool
_SWITCHING = 101
_MOST_KNOWN = 4096


@dataclass(slots=True)
class Answer:
    """Hold what came back: its head, and the beginning of its body."""

    status: int
    retry_after: str | None
    body: bytes
    peer: str


class Wire:
    """Hold the connections that one guard allows."""

    def __init__(self, guard: Guard, timeout: aiohttp.ClientTimeout) -> None:
        self._timeout = timeout
        self.connector = aiohttp.TCPConnector(
            resolver=guard,
            socket_factory=guard.make_socket,
            limit=0,
            ttl_dns_cache=10,
            happy_eyeballs_delay=None,
            keepalive_timeout=30,
        )
        self._places: dict[tuple[URL, _Tls], _Place] = {}

    async def close(self) -> None:
        """Close all connections."""
        await self.connector.close()

    async def post(  # noqa: PLR0913  # a request and how much of its answer is read
        self,
        url: URL,
        headers: Mapping[str, str],
        body: bytes,
        *,
        tls: _Tls,
        most: int,
        kept: int,
    ) -> Answer:
        """Return the answer to one request.

        At most `most` bytes of its body are read, and `kept` returned; what is longer
        is cut and its connection closed. Raises what aiohttp raises, OSError,
        `Blocked` and, for headers that are none, ValueError.
        """
        place = self._place(url, tls)
        content = _written(place.head, headers, body)
        try:
            connection = await self.connector.connect(place.request, [], self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError(place.request.url) from error
        try:
            answer = await _exchange(connection, content, most, kept)
        except BaseException:
            connection.close()
            raise
        connection.release()
        return answer

    def _place(self, url: URL, tls: _Tls) -> "_Place":
        place = self._places.get((url, tls))
        if place is None:
            if len(self._places) >= _MOST_KNOWN:
                self._places.clear()
            request = ClientRequest(
                "POST", url, loop=asyncio.get_running_loop(), ssl=tls
            )
            host = request.headers["Host"]
            head = f"POST {url.raw_path_qs} HTTP/1.1\r\nHost: {host}\r\n"
            place = self._places[url, tls] = _Place(request, head)
        return place


@dataclass(slots=True)
class _Place:
    """Hold what is the same in each request to one address."""

    request: ClientRequest
    head: str


def _written(head: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    text = "".join((head, *lines, f"Content-Length: {len(body)}\r\n\r\n"))
    # The request line, Host, Content-Length and the empty line come besides.
    if text.count("\r") != len(lines) + 4 or text.count("\n") != len(lines) + 4:
        raise ValueError("a header has more than one line")
    return text.encode() + body


async def _exchange(
    connection: Connection, content: bytes, most: int, kept: int
) -> Answer:
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None:
        raise aiohttp.ServerDisconnectedError
    protocol.set_response_params(read_until_eof=True, auto_decompress=False)
    transport.write(content)
    peer = transport.get_extra_info("peername")
    try:
        while True:
            message: RawResponseMessage
            message, payload = await protocol.read()
            if message.code >= 200 or message.code == _SWITCHING:
                break
    except HttpProcessingError as error:
        raise ValueError("not HTTP") from error
    body = b"" if payload.at_eof() else await _read(connection, payload, most, kept)
    return Answer(
        status=message.code,
        retry_after=message.headers.get("Retry-After"),
        body=body,
        peer=str(peer[0]) if peer else "",
    )


async def _read(
    connection: Connection, payload: StreamReader, most: int, kept: int
) -> bytes:
    found, size = b"", 0
    while chunk := await payload.read(most):
        size += len(chunk)
        if len(found) < kept:
            found += chunk[: kept - len(found)]
        if size >= most:
            connection.close()
            break
    return found
