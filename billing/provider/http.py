"""Send a request to a provider; turn what is no answer into our own errors."""

import json
from collections.abc import Mapping
from typing import Any

from billing.errors import ProviderAway, ProviderBusy
from fleet.errors import FleetError
from fleet.wire import Answer, Outgoing, Timeouts, send

_TIMEOUTS = Timeouts(connect_s=5, read_s=10, total_s=20)
_LONGEST_WAIT_S = 3600.0


def exchange(
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: Mapping[str, Any] | None = None,
) -> tuple[int, dict[str, Any]]:
    """Send JSON and return the status and the object in the answer.

    Raises `ProviderAway` and, for 429, `ProviderBusy`. A GET is sent again when a kept
    connection turns out to be dead; nothing else ever is.
    """
    body = None if content is None else json.dumps(content).encode()
    with_type = {**headers, "Content-Type": "application/json"} if body else headers
    try:
        answer = send(Outgoing(method, url, with_type, body), timeouts=_TIMEOUTS)
    except FleetError as error:
        raise ProviderAway(type(error).__name__) from error
    if answer.status == 429:
        raise ProviderBusy(_retry_after_s(answer))
    if answer.status >= 500:
        raise ProviderAway(f"status {answer.status}")
    return answer.status, _object(answer)


def _retry_after_s(answer: Answer) -> float:
    for name, value in answer.headers:
        if name.lower() == "retry-after" and value.isdigit():
            return min(float(value), _LONGEST_WAIT_S)
    return 60.0


def _object(answer: Answer) -> dict[str, Any]:
    try:
        content = json.loads(answer.body)
    except ValueError as error:
        raise ProviderAway("the answer is not JSON") from error
    if not isinstance(content, dict):
        raise ProviderAway("the answer is no object")
    return content
