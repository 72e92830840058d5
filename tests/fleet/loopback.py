"""A server on loopback that answers whatever a test hands it, well-formed or not."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from socket import AF_INET, SHUT_RDWR, SOCK_STREAM, socket
from ssl import SSLContext
from types import TracebackType
from typing import Any, Self

from fleet.hosts import Hosts

Answerer = Callable[[socket], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in; header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Loopback:
    """Give each request the next answer; the last one repeats.

    An answer is bytes, after which the connection stays open, or a function that
    speaks on the socket itself, after which the connection is closed.
    """

    def __init__(
        self, *answers: bytes | Answerer, tls: SSLContext | None = None
    ) -> None:
        self.answers = list(answers)
        self._tls = tls
        self.asked: list[Asked] = []
        self.connections = 0
        self._listener = socket(AF_INET, SOCK_STREAM)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(64)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _end(self._listener)
        for connection in list(self._open):
            _end(connection)
        for thread in list(self._threads):
            thread.join(5)

    def _start(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection: socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                while (asked := _read(connection)) is not None:
                    with self._lock:
                        place = min(len(self.asked), len(self.answers) - 1)
                        self.asked.append(asked)
                    answer = self.answers[place]
                    if callable(answer):
                        answer(connection)
                        return
                    connection.sendall(answer)
        except OSError:
            pass


def hosts_at(url: str) -> Hosts:
    """Return addresses that all lead to one server."""
    return Hosts(
        f"{url}/authorize",
        f"{url}/token",
        f"{url}/keys",
        (url,),
        f"{url}/consent",
        f"{url}/_ak",
        {"na": url},
    )


def http(
    body: bytes | Mapping[str, Any] | list[Any] = b"",
    status: int = 200,
    **headers: str,
) -> bytes:
    """Return a whole HTTP answer; `_` in a header's name stands for `-`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Odd", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def cut(part: bytes = b"") -> Answerer:
    """Return an answer that ends after a part of itself."""

    def answer(connection: socket) -> None:
        connection.sendall(part)

    return answer


def dripping(answer: bytes, pause_s: float) -> Answerer:
    """Return an answer that comes one byte at a time."""

    def drip(connection: socket) -> None:
        for byte in answer:
            connection.sendall(bytes([byte]))
            time.sleep(pause_s)

    return drip


def silent(connection: socket) -> None:
    """Answer nothing until the other side gives up."""
    connection.recv(1)


def _read(connection: socket) -> Asked | None:
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            return None
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {
        name.lower(): text for name, _, text in (line.partition(": ") for line in lines)
    }
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    method, target, _ = first.split(" ")
    return Asked(method, target, headers, body)


def _end(open_socket: socket) -> None:
    with contextlib.suppress(OSError):
        open_socket.shutdown(SHUT_RDWR)
    open_socket.close()
