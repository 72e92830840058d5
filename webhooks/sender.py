"""Make one request to an endpoint, and say what came of it.

Redirects are not followed, proxies of the environment not used, cookies not kept,
answers not decompressed and read for 64 KiB at most.
"""

import asyncio
import errno
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp

from webhooks.guard import Blocked, Guard, Resolve, resolve
from webhooks.networks import Policy
from webhooks.outcomes import EXCERPT_BYTES, ErrorKind, Outcome, retry_after_s, text_of
from webhooks.signing import signature
from webhooks.targets import Target
from webhooks.wire import Wire

TOTAL_S = 15.0
CONNECT_S = 5.0
MOST_ANSWER_BYTES = 64 * 1024
_AGENT = "Keyfob-Webhooks/1"


class Sender:
    """Hold the connections to endpoints; one a process, used in one event loop.

    `tls` replaces the usual certificates of authorities, for tests and own CAs.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        total_s: float = TOTAL_S,
        connect_s: float = CONNECT_S,
    ) -> None:
        self._tls = tls or ssl.create_default_context()
        self._total_s = total_s
        timeout = aiohttp.ClientTimeout(
            total=total_s, connect=connect_s, ceil_threshold=total_s + 1
        )
        self._wires = {
            scheme: Wire(Guard(policy, plain=plain, resolve=resolve), timeout)
            for scheme, plain in (("https", False), ("http", True))
        }

    async def close(self) -> None:
        """Close all connections."""
        for wire in self._wires.values():
            await wire.close()

    async def post(
        self,
        target: Target,
        body: bytes,
        headers: Mapping[str, str],
    ) -> Outcome:
        """Send one body; never raises for what the other side does."""
        began = time.monotonic()
        status, kind, excerpt, remote_ip, wait = None, "", b"", "", None
        try:
            async with asyncio.timeout(self._total_s):
                answer = await self._wires[target.address.scheme].post(
                    target.address,
                    headers,
                    body,
                    tls=self._tls if target.verify_tls else False,
                    most=MOST_ANSWER_BYTES,
                    kept=EXCERPT_BYTES,
                )
            status, excerpt, remote_ip = answer.status, answer.body, answer.peer
            kind = _kind_of_status(status)
            if kind and answer.retry_after is not None:
                wait = retry_after_s(answer.retry_after, datetime.now(UTC))
        except _EXPECTED as error:
            kind = _kind_of(error)
        return Outcome(
            status=status,
            error_kind=kind,
            duration_ms=int((time.monotonic() - began) * 1000),
            excerpt=text_of(excerpt) if excerpt else "",
            remote_ip=remote_ip,
            retry_after_s=wait,
        )


def headers_for(
    target: Target, message_id: str, body: bytes, number: int, now: datetime
) -> dict[str, str]:
    """Return the headers of one request, signed now."""
    at_s = int(now.timestamp())
    return {
        **dict(target.headers()),
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": _AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": signature(target.keys(now), message_id, at_s, body),
        "webhook-attempt": str(number),
    }


def _kind_of_status(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return ErrorKind.REDIRECT if 300 <= status < 400 else ErrorKind.STATUS


_EXPECTED = (
    aiohttp.ClientError,
    OSError,
    asyncio.TimeoutError,
    Blocked,
    ValueError,
    RuntimeError,
)


def _kind_of(error: Exception) -> ErrorKind:
    for family, kind in _KINDS:
        if isinstance(error, family):
            return kind
    return _kind_of_os(getattr(error, "errno", None) or _errno_of(error))


def _errno_of(error: BaseException) -> Any:
    return getattr(getattr(error, "os_error", None), "errno", None)


def _kind_of_os(number: Any) -> ErrorKind:
    if number == errno.ECONNREFUSED:
        return ErrorKind.REFUSED
    if number in {errno.ECONNRESET, errno.EPIPE}:
        return ErrorKind.RESET
    return ErrorKind.UNREACHABLE


# The order counts: most of these are kinds of one another.
_KINDS: tuple[tuple[type[Exception], ErrorKind], ...] = (
    (Blocked, ErrorKind.BLOCKED),
    (aiohttp.InvalidURL, ErrorKind.BLOCKED),
    (aiohttp.ConnectionTimeoutError, ErrorKind.CONNECT_TIMEOUT),
    (aiohttp.ServerTimeoutError, ErrorKind.TIMEOUT),
    (aiohttp.ClientConnectorDNSError, ErrorKind.DNS),
    (aiohttp.ClientConnectorSSLError, ErrorKind.TLS),
    (aiohttp.ClientConnectorCertificateError, ErrorKind.TLS),
    (ssl.SSLError, ErrorKind.TLS),
    (aiohttp.ClientPayloadError, ErrorKind.PARTIAL),
    (aiohttp.ServerDisconnectedError, ErrorKind.RESET),
    (aiohttp.ClientResponseError, ErrorKind.BAD_ANSWER),
    (TimeoutError, ErrorKind.TIMEOUT),
    (ValueError, ErrorKind.BAD_ANSWER),
    (RuntimeError, ErrorKind.UNREACHABLE),
)
