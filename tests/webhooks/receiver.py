"""A receiver of webhooks over loopback that answers as a script says."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Any, Self

import orjson

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float = field(default_factory=monotonic)

    @property
    def json(self) -> Any:
        """Return the body, read."""
        return orjson.loads(self.body)

    @property
    def name(self) -> str:
        """Return the message's name."""
        return self.headers["webhook-id"]


Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def status(code: int, *headers: str, body: bytes = b"") -> bytes:
    """Return an answer of one status."""
    lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection off instead of answering."""
    writer.transport.abort()


async def hang(writer: asyncio.StreamWriter) -> None:
    """Answer nothing, until the other side gives up."""
    for _ in range(2000):
        if writer.is_closing():
            break
        await asyncio.sleep(0.01)


class Receiver:
    """Note requests and answer `default`, or what a path was given."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self.default: Answer = OK
        self.script: list[Answer] = []
        self.paths: dict[str, Answer] = {}
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    def url(self, path: str = "/hook") -> str:
        """Return an address of this receiver."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}{path}"

    def names(self, path: str = "") -> list[str]:
        """Return the names of the messages that came, at one path or all."""
        return [one.name for one in self.requests if not path or one.path == path]

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in headers.items()}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = head[0].split(" ")[1]
        self.requests.append(Request(path, headers, body))
        answer = self.script.pop(0) if self.script else self.default
        answer = self.paths.get(path, answer)
        if callable(answer):
            await answer(writer)
            return False
        writer.write(answer)
        await writer.drain()
        return True
