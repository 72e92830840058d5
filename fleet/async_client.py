"""Pass many requests on at once: the client of the gateway."""

import asyncio
from collections.abc import Mapping

import aiohttp
from yarl import URL

from fleet.errors import TimedOut, Unreachable, Unreadable, redact
from fleet.hosts import Hosts
from fleet.wire import API_BODY_CAP, Answer, Timeouts

_PASSED_ON = ("Accept", "Accept-Encoding", "Accept-Language")
_SKIPPED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_KEPT_S = 55.0


class AsyncClient:
    """Hold one kept-alive pool of connections for a whole process.

    The pool is opened at the first request, on the loop that runs then, and
    belongs to that loop. Close it before the loop ends.
    """

    def __init__(self, hosts: Hosts, timeouts: Timeouts | None = None) -> None:
        self.hosts = hosts
        self._timeouts = timeouts or Timeouts()
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

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
        HTTP); ValueError for a path that no HTTP request can hold.
        """
        url = _url(base_url, path_qs)
        outgoing = {"Accept-Encoding": "identity", "User-Agent": "Keyfob"}
        outgoing |= _passed_on(headers or {})
        outgoing["Authorization"] = f"Bearer {tesla_access_token}"
        if body is not None:
            outgoing["Content-Type"] = "application/json"
        try:
            async with self._open().request(
                method,
                url,
                data=body,
                headers=outgoing,
                allow_redirects=False,
                timeout=self._limits(timeout_s),
            ) as response:
                return await _whole(response)
        except TimeoutError as error:
            raise TimedOut("Tesla did not answer in time") from error
        except aiohttp.ClientResponseError as error:
            said = redact(error.message)
            raise Unreadable("Tesla's answer is not HTTP", description=said) from None
        except (aiohttp.ClientError, OSError) as error:
            said = redact(str(error))
            raise Unreachable("Tesla cannot be reached", description=said) from error

    async def close(self) -> None:
        """Close the pool; a later request opens a new one."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _limits(self, timeout_s: float | None) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(
            total=timeout_s or self._timeouts.total_s,
            sock_connect=self._timeouts.connect_s,
            sock_read=self._timeouts.read_s,
        )

    def _open(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._session.closed or self._loop is not loop:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                # The number in flight is limited by who calls, not here. Tesla's
                # addresses change, so names are looked up again twice a minute.
                connector=aiohttp.TCPConnector(
                    limit=0, keepalive_timeout=_KEPT_S, ttl_dns_cache=30
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                skip_auto_headers=_SKIPPED,
            )
        return self._session


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that go beside ours, in one spelling each."""
    titled = {name.title(): value for name, value in headers.items()}
    return {name: titled[name] for name in _PASSED_ON if name in titled}


def _url(base_url: str, path_qs: str) -> URL:
    if (
        not path_qs.startswith("/")
        or not path_qs.isascii()
        or not path_qs.isprintable()
    ):
        raise ValueError("a path must be encoded before it is sent")
    if " " in path_qs or "#" in path_qs:
        raise ValueError("a path must be encoded before it is sent")
    return URL(base_url.rstrip("/") + path_qs, encoded=True)


async def _whole(response: aiohttp.ClientResponse) -> Answer:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > API_BODY_CAP:
            response.close()
            raise Unreadable("Tesla's answer is too large", status=response.status)
        parts.append(part)
    return Answer(response.status, list(response.headers.items()), b"".join(parts))
