"""Send one request over a kept-alive connection, within limits of time and size."""

import atexit
import logging
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from fleet.deadlines import deadline, transport
from fleet.errors import TimedOut, Unreachable, Unreadable, redact

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
    limits = httpx.Limits(
        max_connections=64, max_keepalive_connections=16, keepalive_expiry=_KEPT_S
    )
    # One jar is shared by everybody's calls, so it must not keep anything.
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    client = httpx.Client(
        follow_redirects=False,
        trust_env=False,
        transport=transport(limits),
        cookies=no_cookies,
    )
    atexit.register(client.close)
    return client


def send(
    outgoing: Outgoing,
    *,
    http: httpx.Client | None = None,
    timeouts: Timeouts,
    body_cap: int = API_BODY_CAP,
) -> Answer:
    """Send a request and return the whole answer, whatever its status.

    A GET is sent once more if the connection ends before anything of an
    answer came, as a kept one may. Raises `TimedOut`, `Unreachable`, or
    `Unreadable` (a body over the cap, not HTTP).
    """
    client = http or shared_http()
    with deadline(timeouts.total_s):
        try:
            return _exchange(client, outgoing, timeouts, body_cap)
        except _CutBeforeAnswer as error:
            if outgoing.method != "GET":
                raise _failure(error.cause) from error.cause
        try:
            return _exchange(client, outgoing, timeouts, body_cap)
        except _CutBeforeAnswer as error:
            raise _failure(error.cause) from error.cause


class _CutBeforeAnswer(Exception):
    """Say that a connection ended before a status came."""

    def __init__(self, cause: httpx.HTTPError) -> None:
        super().__init__()
        self.cause = cause


def _exchange(
    client: httpx.Client, outgoing: Outgoing, timeouts: Timeouts, body_cap: int
) -> Answer:
    answered = False
    try:
        with client.stream(
            outgoing.method,
            outgoing.url,
            headers={"Accept-Encoding": "gzip", **outgoing.headers},
            content=outgoing.body,
            timeout=httpx.Timeout(timeouts.read_s, connect=timeouts.connect_s),
        ) as response:
            answered = True
            body = _read(response, body_cap)
            return Answer(response.status_code, list(response.headers.items()), body)
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
        if not answered:
            raise _CutBeforeAnswer(error) from error
        raise _failure(error) from error
    except httpx.HTTPError as error:
        raise _failure(error) from error


def _failure(error: httpx.HTTPError) -> Unreachable | Unreadable:
    said = redact(str(error))
    if isinstance(error, httpx.TimeoutException):
        return TimedOut("Tesla did not answer in time", description=said)
    cut = "disconnected" in said or "closed" in said
    if isinstance(error, httpx.RemoteProtocolError) and not cut:
        return Unreadable("Tesla's answer is not HTTP", description=said)
    return Unreachable("Tesla cannot be reached", description=said)


def _read(response: httpx.Response, body_cap: int) -> bytes:
    """Return the body, decompressed; refuse one over the cap before it fills memory."""
    status = response.status_code
    encoding = response.headers.get("content-encoding", "identity").lower()
    if encoding not in {"identity", "gzip"}:
        raise Unreadable("Tesla's answer is compressed in a foreign way", status=status)
    inflate = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    parts: list[bytes] = []
    size = 0
    for raw in response.iter_raw(_CHUNK):
        try:
            part = inflate.decompress(raw, body_cap + 1) if inflate else raw
        except zlib.error:
            raise Unreadable("Tesla's answer is not gzip", status=status) from None
        size += len(part)
        if size > body_cap:
            raise Unreadable("Tesla's answer is too large", status=status)
        parts.append(part)
    if inflate and parts and not inflate.eof:
        raise Unreadable("Tesla's answer is cut off", status=status)
    return b"".join(parts)
