"""Give sync calls a limit of time in all, which httpx alone does not have.

httpx limits each read. A server that sends one byte every few seconds would
hold a worker for ever, already within the headers. Here each read and write
of the connection gets what is left until the deadline of the call.
"""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx

_deadline: ContextVar[float] = ContextVar("_deadline", default=float("inf"))


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """End every read and write in this block when so many seconds have passed."""
    reset = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(reset)


def transport(
    limits: httpx.Limits, trusted: ssl.SSLContext | None = None
) -> httpx.HTTPTransport:
    """Return httpx's own transport, with connections that keep the deadline.

    `trusted` says whose certificates hold: the usual authorities' by default.
    """
    return _DeadlineTransport(
        limits, trusted or httpx.create_ssl_context(trust_env=False)
    )


class _DeadlineTransport(httpx.HTTPTransport):
    def __init__(self, limits: httpx.Limits, trusted: ssl.SSLContext) -> None:
        super().__init__(verify=trusted, trust_env=False)
        # httpx makes its pool without a way to hand over how to connect.
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusted,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Backend(),
        )


class _Backend(httpcore.SyncBackend):
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(
            super().connect_tcp(host, port, left, local_address, socket_options)
        )


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
    """Return the shorter of a time-out and what is left; raise if nothing is."""
    left = _deadline.get() - time.monotonic()
    if left <= 0:
        raise late("the deadline has passed")
    if timeout is None:
        return None if left == float("inf") else left
    return min(timeout, left)
