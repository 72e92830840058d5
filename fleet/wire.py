"""Send one request over a kept-alive connection, within limits of time and size."""

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import httpx

from fleet.errors import TimedOut, Unreachable, Unreadable

# At INFO, httpx logs whole addresses; queries and codes in them are nobody's business.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

API_BODY_CAP = 8 * 1024 * 1024
TOKEN_BODY_CAP = 256 * 1024
_CHUNK = 64 * 1024
_KEPT_S = 55.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limit a call, in seconds: to connect, between two reads, and in all."""

    connect_s: float = 5.0
    read_s: float = 30.0
    total_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Hold one request; its headers and body may be secret and are not shown."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold one whole answer: status, headers in their order, body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = field(repr=False)


def shared_http() -> httpx.Client:
    """Return this process's one client, which keeps connections alive.

    It follows no redirect and reads no proxy settings from the environment. A
    forked child gets its own: two processes on one connection mix up answers.
    """
    return _http_of(os.getpid())


@cache
def _http_of(pid: int) -> httpx.Client:
    return httpx.Client(
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(
            max_connections=64, max_keepalive_connections=16, keepalive_expiry=_KEPT_S
        ),
    )


def send(
    outgoing: Outgoing,
    *,
    http: httpx.Client | None = None,
    timeouts: Timeouts,
    body_cap: int = API_BODY_CAP,
) -> Answer:
    """Send a request and return the whole answer, whatever its status.

    A GET whose kept connection turns out to be closed is sent once more.
    Raises `TimedOut`, `Unreachable`, or `Unreadable` for a body over the cap.
    """
    client = http or shared_http()
    try:
        return _exchange(client, outgoing, timeouts, body_cap)
    except httpx.RemoteProtocolError as error:
        if outgoing.method != "GET":
            raise Unreachable("Tesla cut the connection") from error
    except httpx.HTTPError as error:
        raise _failure(error) from error
    try:
        return _exchange(client, outgoing, timeouts, body_cap)
    except httpx.HTTPError as error:
        raise _failure(error) from error


def _failure(error: httpx.HTTPError) -> Unreachable | Unreadable:
    if isinstance(error, httpx.TimeoutException):
        return TimedOut("Tesla did not answer in time")
    if isinstance(error, httpx.DecodingError):
        return Unreadable("Tesla's answer cannot be decompressed")
    return Unreachable("Tesla cannot be reached")


def _exchange(
    client: httpx.Client, outgoing: Outgoing, timeouts: Timeouts, body_cap: int
) -> Answer:
    deadline = time.monotonic() + timeouts.total_s
    limits = httpx.Timeout(
        min(timeouts.read_s, timeouts.total_s), connect=timeouts.connect_s
    )
    with client.stream(
        outgoing.method,
        outgoing.url,
        headers=dict(outgoing.headers),
        content=outgoing.body,
        timeout=limits,
    ) as response:
        body = _read(response, deadline, body_cap)
        return Answer(response.status_code, list(response.headers.items()), body)


def _read(response: httpx.Response, deadline: float, body_cap: int) -> bytes:
    """Return the body; end at the cap or the deadline, so that none can hold us."""
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes(_CHUNK):
        size += len(part)
        if size > body_cap:
            raise Unreadable("Tesla's answer is too large", status=response.status_code)
        if time.monotonic() > deadline:
            raise TimedOut("Tesla did not finish its answer in time")
        parts.append(part)
    return b"".join(parts)
