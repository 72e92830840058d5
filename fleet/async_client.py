"""Pass many requests on at once: the client of the gateway."""

from collections.abc import Mapping
from datetime import timedelta

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    DecodeError,
    DetailedPyreqwestError,
    PyreqwestError,
    RequestTimeoutError,
)
from pyreqwest.request import RequestBuilder
from pyreqwest.response import Response

from fleet.breaker import BREAKER, Breaker
from fleet.errors import NotSent, TimedOut, Unreachable, Unreadable, redact
from fleet.hosts import Hosts
from fleet.wire import API_BODY_CAP, Answer, Timeouts

_PASSED_ON = ("Accept", "Accept-Encoding", "Accept-Language")
_KEPT_S = 55.0
_NO_CONNECTION = "client error (Connect)"


class AsyncClient:
    """Hold one kept-alive pool of connections for a whole process.

    The pool is opened at the first request, and again after it was closed. A host
    that keeps failing is left alone for a while, as `breaker` says.
    """

    def __init__(
        self,
        hosts: Hosts,
        timeouts: Timeouts | None = None,
        breaker: Breaker = BREAKER,
    ) -> None:
        self.hosts = hosts
        self._breaker = breaker
        self._timeouts = timeouts or Timeouts()
        self._client: Client | None = None

    async def send(  # noqa: PLR0913 - each names one part of the request
        self,
        method: str,
        base_url: str,
        path_qs: str,
        *,
        tesla_access_token: str,
        body: bytes | None = None,
        timeout_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request and return the whole answer, whatever its status.

        `path_qs` is sent as it is, so it must be checked and encoded already;
        of `headers`, Accept, Accept-Encoding and Accept-Language are sent. The
        body stays compressed as it came. No redirect is followed. A body goes out as
        JSON. Raises `TimedOut`, `Unreachable`, `Unreadable` (over 8 MiB, not
        HTTP), `NotSent` where no connection was made, `TeslaAway` where none was
        tried; ValueError for a path that no HTTP request can hold.
        """
        outgoing = {"Accept-Encoding": "identity", "User-Agent": "Keyfob"}
        if headers:
            outgoing |= _passed_on(headers)
        outgoing["Authorization"] = f"Bearer {tesla_access_token}"
        if body is not None:
            outgoing["Content-Type"] = "application/json"
        request = self._open().request(method, _url(base_url, path_qs))
        request = request.headers(outgoing)
        if body is not None:
            request = request.body_bytes(body)
        if timeout_s:
            request = request.timeout(timedelta(seconds=timeout_s))
        with self._breaker.passing(base_url, path_qs) as passing:
            return passing.answered(await _answer_to(request))

    async def close(self) -> None:
        """Close the pool; a later request opens a new one."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _open(self) -> Client:
        if self._client is None:
            limits = self._timeouts
            self._client = (
                ClientBuilder()
                .http1_only()
                .no_proxy()
                .follow_redirects(enable=False)
                .referer(enable=False)
                .default_cookie_store(enable=False)
                .gzip(enable=False)
                .deflate(enable=False)
                .brotli(enable=False)
                .zstd(enable=False)
                .timeout(timedelta(seconds=limits.total_s))
                .read_timeout(timedelta(seconds=limits.read_s))
                .connect_timeout(timedelta(seconds=limits.connect_s))
                .pool_idle_timeout(timedelta(seconds=_KEPT_S))
                .build()
            )
        return self._client


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that go beside ours, in one spelling each."""
    titled = {name.title(): value for name, value in headers.items()}
    return {name: titled[name] for name in _PASSED_ON if name in titled}


def _url(base_url: str, path_qs: str) -> str:
    if (
        not path_qs.startswith("/")
        or not path_qs.isascii()
        or not path_qs.isprintable()
    ):
        raise ValueError("a path must be encoded before it is sent")
    if " " in path_qs or "#" in path_qs:
        raise ValueError("a path must be encoded before it is sent")
    return base_url.rstrip("/") + path_qs


async def _answer_to(request: RequestBuilder) -> Answer:
    """Send a request; return its whole answer, or raise what kept it away."""
    try:
        async with request.build_streamed() as response:
            return await _whole(response)
    # The library's own errors name the whole address: they are not chained.
    except RequestTimeoutError:
        raise TimedOut("Tesla did not answer in time") from None
    except DecodeError as error:
        if _was_cut(error):
            raise Unreachable("Tesla's answer was cut off") from None
        raise Unreadable("Tesla's answer is not HTTP") from None
    except PyreqwestError as error:
        kind = NotSent if _never_left(error) else Unreachable
        said = redact(str(error))
        raise kind("Tesla cannot be reached", description=said) from None


async def _whole(response: Response) -> Answer:
    reader = response.body_reader
    parts: list[bytes] = []
    size = 0
    while (part := await reader.read_chunk()) is not None:
        size += len(part)
        if size > API_BODY_CAP:
            raise Unreadable("Tesla's answer is too large", status=response.status)
        parts.append(bytes(part))
    return Answer(response.status, list(response.headers.items()), b"".join(parts))


def _never_left(error: PyreqwestError) -> bool:
    """Tell whether no connection was made.

    The library's own classes do not tell that from a connection that broke later. If its
    words change, a call counts as sent, which errs on the careful side.
    """
    if not isinstance(error, DetailedPyreqwestError):
        return False
    causes = error.details["causes"] or []
    return any(cause["message"] == _NO_CONNECTION for cause in causes)


def _was_cut(error: DecodeError) -> bool:
    """Tell whether the connection ended in the middle of an answer's body."""
    return "end of file" in str(error.details)
