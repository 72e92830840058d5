"""Ask Stripe through its library, over our own wire.

The library knows the shapes and the version; connections, limits of time and size, and
what is never repeated are ours.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import stripe

from billing.errors import ProviderAway, ProviderBusy, ProviderRefused
from fleet.errors import FleetError
from fleet.wire import Outgoing, Timeouts, send

# The library would tell Stripe about this machine and this process.
stripe.enable_telemetry = False
logging.getLogger("stripe").setLevel(logging.WARNING)

_TIMEOUTS = Timeouts(connect_s=5, read_s=10, total_s=20)
_LONGEST_WAIT_S = 3600.0


class _Wire(stripe.HTTPClient):
    """Carry the library's requests."""

    name = "keyfob"

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Send one request and return body, status and headers."""
        body = post_data.encode() if isinstance(post_data, str) else post_data
        outgoing = Outgoing(method.upper(), url, dict(headers or {}), body or None)
        try:
            answer = send(outgoing, timeouts=_TIMEOUTS)
        except FleetError as error:
            raise ProviderAway(type(error).__name__) from error
        named = {name.lower(): value for name, value in answer.headers}
        return answer.body.decode(errors="replace"), answer.status, named


@dataclass(frozen=True, slots=True)
class Told:
    """An object of Stripe's as plain values, and when Stripe told it."""

    data: Mapping[str, Any] = field(repr=False)
    at: datetime


@cache
def _library(api_url: str, api_key: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        api_key,
        base_addresses={"api": api_url},
        http_client=_Wire(),
        max_network_retries=0,
    )


@dataclass(frozen=True, slots=True)
class Client:
    """One Stripe account, live or for tests. The key is never shown."""

    api_url: str
    api_key: str = field(repr=False)

    @property
    def v1(self) -> Any:
        """Return the library's calls. To be made inside `ask`."""
        return _library(self.api_url, self.api_key).v1

    def ask(self, call: Callable[..., Any], *arguments: Any, key: str = "") -> Told:
        """Make one call of the library, with an idempotency key where it has one.

        Raises `ProviderAway`, `ProviderBusy` and `ProviderRefused`.
        """
        more = {"options": {"idempotency_key": key}} if key else {}
        try:
            answer = call(*arguments, **more)
        except stripe.RateLimitError as error:
            raise ProviderBusy(_retry_after_s(error)) from None
        except stripe.StripeError as error:
            raise _refusal(error) from None
        headers = answer.last_response.headers if answer.last_response else {}
        return Told(answer.to_dict(), moment_of(headers))


def _refusal(error: stripe.StripeError) -> ProviderAway | ProviderRefused:
    """Return our own error, without Stripe's words: they may name a person."""
    status = error.http_status or 0
    if not 400 <= status < 500:
        return ProviderAway(f"status {status}" if status else "no answer")
    request_id = error.request_id or ""
    return ProviderRefused(status, error.code or type(error).__name__, request_id)


def _retry_after_s(error: stripe.StripeError) -> float:
    value = str((error.headers or {}).get("retry-after", ""))
    return min(float(value), _LONGEST_WAIT_S) if value.isdigit() else 60.0


def moment_of(headers: Mapping[str, str]) -> datetime:
    """Return when Stripe answered by its own clock, which dates its events too."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)
