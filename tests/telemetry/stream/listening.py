"""A web process of its own, and programs that listen to it over bare sockets."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import connection, connections

from tests.fixtures.live import database_url
from tests.ports import free_port
from tokens.models import AccessToken

HOST = "127.0.0.1"
START_WITHIN_S = 40
WITHIN_S = 10


async def beside(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Run what reads the database in a thread that keeps no connection."""

    def run() -> Any:
        try:
            return work(*arguments, **named)
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


class Server:
    """One running web process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log
        self._lines: list[Line] = []

    def stop(self) -> None:
        """Tell it to end; kill it if it does not."""
        for line in self._lines:
            line.socket.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def listen(self, path: str = "/sse", **how: Any) -> "Line":
        """Open a stream, closed with the server at the latest."""
        line = Line(self.port, path, **how)
        self._lines.append(line)
        return line


@contextmanager
def serving(
    folder: Path, *arguments: str, port: int = 0, **env: str
) -> Iterator[Server]:
    """Run granian with our application as it runs for people."""
    port = port or free_port()
    log = folder / "web.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "asgi"),
                *("--host", HOST, "--port", str(port), "--workers", "1"),
                *("--http", "1", "--no-access-log", "--log-level", "warning"),
                *("--backpressure", "16384", "--workers-kill-timeout", "12"),
                *arguments,
                "console.asgi:application",
            ],
            env={**os.environ, "DATABASE_URL": database_url(), **env},
            cwd=settings.BASE_DIR,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(process, port, log)
    try:
        end_at_s = time.monotonic() + START_WITHIN_S
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > end_at_s:
                raise RuntimeError(log.read_text())
            time.sleep(0.05)
        yield server
    finally:
        server.stop()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), 1):
            return True
    except OSError:
        return False


def lock_out() -> None:
    """Remove all access tokens, in a thread that the database does not know yet."""
    AccessToken.objects.all().delete()
    connection.close()


class Ended(Exception):
    """The stream is over."""


class Cut(Exception):
    """The connection ended before the stream did."""


class Line:
    """One connection of a program that reads a stream, chunk by chunk."""

    def __init__(
        self,
        port: int,
        path: str = "/sse",
        *,
        token: str = "",
        headers: tuple[str, ...] = (),
        method: str = "GET",
        after: bytes = b"",
        buffer: int = 0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(WITHIN_S)
        self.socket.connect((HOST, port))
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        bearer = (f"Authorization: Bearer {token}",) if token else ()
        lines = (f"{method} {path} HTTP/1.1", "Host: localhost", *bearer, *headers)
        self.socket.sendall("\r\n".join((*lines, "", "")).encode() + after)
        self._bytes = b""
        self._text = b""
        self.is_over = False
        self.status = 0
        self.headers: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def head(self) -> int:
        """Read the head of the answer; return its status."""
        if not self.status:
            while b"\r\n\r\n" not in self._bytes:
                self._more()
            head, _, self._bytes = self._bytes.partition(b"\r\n\r\n")
            first, *rest = head.decode().split("\r\n")
            self.status = int(first.split(" ")[1])
            for line in rest:
                name, _, value = line.partition(":")
                self.headers[name.lower()] = value.strip()
        return self.status

    def json(self) -> Any:
        """Read the body of a refusal."""
        self.head()
        length = int(self.headers["content-length"])
        while len(self._bytes) < length:
            self._more()
        found = json.loads(self._bytes[:length])
        self._bytes = self._bytes[length:]
        return found

    def rest(self) -> bytes:
        """Read until the connection is closed; return what came after all."""
        with contextlib.suppress(Cut):
            while True:
                self._more()
        return self._bytes

    def line(self, within_s: float = WITHIN_S) -> str:
        """Read the next line of the stream. Raises `Ended`."""
        self.head()
        end_at_s = time.monotonic() + within_s
        while b"\n" not in self._text:
            if self.is_over:
                raise Ended
            if time.monotonic() > end_at_s:
                raise TimeoutError
            self._chunk()
        line, _, self._text = self._text.partition(b"\n")
        return line.decode()

    def event(self, within_s: float = WITHIN_S) -> dict[str, Any]:
        """Read the next event. Raises `Ended`."""
        while True:
            line = self.line(within_s)
            if line.startswith("data: "):
                assert self.line() == ""
                found: dict[str, Any] = json.loads(line[6:])
                return found

    def begin(self) -> "Line":
        """Read what comes before events; return this."""
        assert self.head() == 200, self._bytes
        assert [self.line(), self.line()] == ["retry: 1000", ""]
        return self

    def end(self, within_s: float = WITHIN_S) -> None:
        """Read to the end of the stream. Raises `Cut` without one."""
        end_at_s = time.monotonic() + within_s
        while not self.is_over:
            assert time.monotonic() < end_at_s
            self.head()
            self._text = b""
            self._chunk()

    def _chunk(self) -> None:
        while b"\r\n" not in self._bytes:
            self._more()
        size, _, rest = self._bytes.partition(b"\r\n")
        length = int(size, 16)
        while len(rest) < length + 2:
            self._bytes = size + b"\r\n" + rest
            self._more()
            rest = self._bytes.partition(b"\r\n")[2]
        self._text += rest[:length]
        self._bytes = rest[length + 2 :]
        self.is_over = length == 0

    def _more(self) -> None:
        try:
            part = self.socket.recv(65536)
        except ConnectionError:
            part = b""
        if not part:
            raise Cut
        self._bytes += part
