"""What the gateway answers, and the refusals that become answers.

Refusals speak the Fleet API's own shape, so that a client needs no second parser:
`{"response": null, "error": "<code>", "error_description": "<sentence>"}`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_JSON = (b"content-type", b"application/json; charset=utf-8")
Headers = Sequence[tuple[bytes, bytes]]

_ALWAYS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


@dataclass(frozen=True, slots=True)
class Response:
    """One whole answer: status, headers without the length, body."""

    status: int
    headers: Headers
    body: bytes


class Refusal(Exception):
    """A request that we answer ourselves, with a status, a code and a sentence.

    `code` is a constant that clients test for, `description` is for people and says
    who must do what. `more` stands beside them: `messages`, which are sentences by the
    field that they are about, or `url`, the page on which something can be done.
    """

    def __init__(
        self,
        status: int,
        code: str,
        description: str,
        headers: Headers = (),
        *,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.description = description
        self.headers = headers
        self.more = more or {}

    def response(self) -> Response:
        """Return the refusal as an answer in the Fleet API's shape."""
        content: dict[str, Any] = {
            "response": None,
            "error": self.code,
            "error_description": self.description,
            **self.more,
        }
        return answer(content, status=self.status, headers=self.headers)


def answer(content: Any, *, status: int = 200, headers: Headers = ()) -> Response:
    """Return JSON-able content as an answer."""
    body = json.dumps(content, separators=(",", ":")).encode()
    return Response(status, (_JSON, *_ALWAYS, *headers), body)


def passed_on(status: int, headers: Headers, body: bytes) -> Response:
    """Return Tesla's answer with those of its headers that may pass."""
    return Response(status, (*headers, *_ALWAYS), body)
