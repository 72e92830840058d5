"""Make one request to an endpoint, and say what came of it.

Redirects are not followed, proxies of the environment not used, cookies not kept,
answers not decompressed and read for 64 KiB at most.
"""

import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from webhooks import connection
from webhooks.connection import Answer
from webhooks.guard import Blocked, Guard
from webhooks.names import Names, Resolve
from webhooks.networks import Policy
from webhooks.outcomes import EXCERPT_BYTES, ErrorKind, Outcome, retry_after_s, text_of
from webhooks.signing import signature
from webhooks.targets import Target
from webhooks.wire import Wire, request

TOTAL_S = 15.0
CONNECT_S = 5.0
MOST_ANSWER_BYTES = 64 * 1024


class Sender:
    """Hold the connections to endpoints; one a process, used in one event loop.

    `tls` replaces the usual certificates of authorities, for tests and own CAs;
    `resolve` the system's resolver.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        total_s: float = TOTAL_S,
        connect_s: float = CONNECT_S,
    ) -> None:
        self._tls = tls or ssl.create_default_context()
        self._trusting = ssl.create_default_context()
        self._trusting.check_hostname = False
        self._trusting.verify_mode = ssl.CERT_NONE
        self._total_s = total_s
        limits = {"most": MOST_ANSWER_BYTES, "kept": EXCERPT_BYTES}
        resolve = resolve or Names().resolve
        self._plain, self._sealed = (
            Wire(Guard(policy, plain=plain, resolve=resolve), connect_s, **limits)
            for plain in (True, False)
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._plain.close()
        await self._sealed.close()

    async def post(
        self,
        target: Target,
        body: bytes,
        headers: Mapping[str, str],
    ) -> Outcome:
        """Send one body with headers of its own; never raises for the other side."""
        way, tls = self._plain, None
        if target.address.scheme == "https":
            tls = self._tls if target.verify_tls else self._trusting
            way = self._sealed
        began = time.monotonic()
        outcome = Outcome(None, "")
        try:
            content = request(target.head(), headers, body)
            answer = await way.post(
                target.address, content, tls=tls, total_s=self._total_s
            )
        except (OSError, ValueError, RuntimeError, Blocked) as error:
            outcome.error_kind = _kind_of(error)
        else:
            _note(outcome, answer)
        outcome.duration_ms = int((time.monotonic() - began) * 1000)
        return outcome


def _note(outcome: Outcome, answer: Answer) -> None:
    """Say what an answer means."""
    outcome.status, outcome.remote_ip = answer.status, answer.peer
    if answer.body:
        outcome.excerpt = text_of(answer.body)
    if 200 <= answer.status < 300:
        return
    is_redirect = 300 <= answer.status < 400
    outcome.error_kind = ErrorKind.REDIRECT if is_redirect else ErrorKind.STATUS
    if answer.retry_after is not None:
        outcome.retry_after_s = retry_after_s(answer.retry_after, datetime.now(UTC))


def headers_for(
    target: Target, message_id: str, body: bytes, number: int, now: datetime
) -> dict[str, str]:
    """Return a request's own headers, signed now; without keys not at all."""
    at_s = int(now.timestamp())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": signature(target.keys(now), message_id, at_s, body),
        "webhook-attempt": str(number),
    }


def _kind_of(error: Exception) -> ErrorKind:
    for family, kind in _KINDS:
        if isinstance(error, family):
            return kind
    return ErrorKind.UNREACHABLE


# The order counts: most of these are kinds of one another.
_KINDS: tuple[tuple[type[Exception], ErrorKind], ...] = (
    (Blocked, ErrorKind.BLOCKED),
    (connection.ConnectTimeout, ErrorKind.CONNECT_TIMEOUT),
    (TimeoutError, ErrorKind.TIMEOUT),
    (connection.Unresolved, ErrorKind.DNS),
    (ssl.SSLError, ErrorKind.TLS),
    (connection.Partial, ErrorKind.PARTIAL),
    (ConnectionRefusedError, ErrorKind.REFUSED),
    (ConnectionResetError, ErrorKind.RESET),
    (ConnectionAbortedError, ErrorKind.RESET),
    (BrokenPipeError, ErrorKind.RESET),
    (ValueError, ErrorKind.BAD_ANSWER),
)
