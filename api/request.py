"""Read an ASGI request of a program: credential, address, query, body.

Nothing of it is trusted: whatever is odd is refused here, before anything is asked
of the database or of Tesla.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings

from api.responses import Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MOST_BODY_BYTES = 1024 * 1024
BODY_WITHIN_S = 30.0
_MOST_QUERY_BYTES = 8192
_MOST_QUERY_FIELDS = 50
_CLIENT_LENGTH = 200
_CHALLENGE = ((b"www-authenticate", b'Bearer realm="keyfob"'),)
_PATH_BYTES = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/"
)


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose form is sound.

    `credential` is the access token's text, or "" when none was sent; `query` holds
    each name once, without the token; `client` is what the program calls itself.
    """

    method: str
    path: str
    query: dict[str, str]
    credential: str
    client: str
    content_type: str

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path}>"


def read(scope: Scope) -> Request:
    """Read what came before the body. Raises `Refusal` (400, 401, 405)."""
    headers: dict[bytes, bytes] = {}
    authorizations = []
    for name, value in scope["headers"]:
        if name == b"authorization":
            authorizations.append(value)
        else:
            headers.setdefault(name, value)
    path = _path(scope)
    query = _query(scope.get("query_string", b""))
    in_query = query.pop("token", None) if settings.TOKEN_IN_QUERY else None
    return Request(
        method=scope["method"],
        path=path,
        query=query,
        credential=_credential(authorizations, in_query),
        client=_client(headers),
        content_type=headers.get(b"content-type", b"").decode("latin-1"),
    )


def unauthorized(code: str, description: str) -> Refusal:
    """Return the refusal of a request whose access token is missing or wrong."""
    return Refusal(401, code, description, _CHALLENGE)


def _path(scope: Scope) -> str:
    raw = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
    raw = raw.partition(b"?")[0]
    # Whole segments of plain characters: no escapes, no empty or dotted segments, so
    # that our reading of an address and Tesla's can not differ.
    if not _PATH_BYTES.issuperset(raw) or b"//" in raw or b"/." in raw:
        raise Refusal(
            400, "invalid_request", "The address has characters that no call needs."
        )
    return str(raw, "ascii")


def _query(raw: bytes) -> dict[str, str]:
    if not raw:
        return {}
    if len(raw) > _MOST_QUERY_BYTES:
        raise Refusal(400, "invalid_request", "The query string is too long.")
    try:
        # Programs ask the same again and again; a token is not to be remembered.
        pairs = _parsed.__wrapped__(raw) if b"token" in raw else _parsed(raw)
    except ValueError:
        raise Refusal(
            400, "invalid_request", "The query string cannot be read."
        ) from None
    query = dict(pairs)
    if len(query) != len(pairs):
        raise Refusal(
            400, "invalid_request", "The query string names a parameter twice."
        )
    return query


def _credential(authorizations: list[bytes], in_query: str | None) -> str:
    if len(authorizations) > 1:
        raise Refusal(400, "invalid_request", "Send one Authorization header.")
    if not authorizations:
        return in_query or ""
    scheme, _, text = authorizations[0].decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise unauthorized(
            "invalid_token", "Send the access token as “Authorization: Bearer …”."
        )
    text = text.strip()
    if in_query and in_query != text:
        raise Refusal(
            400,
            "invalid_request",
            "The Authorization header and ?token= carry different access tokens."
            " Send one.",
        )
    return text or in_query or ""


@lru_cache(1024)
def _parsed(raw: bytes) -> tuple[tuple[str, str], ...]:
    return tuple(
        parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=_MOST_QUERY_FIELDS,
            errors="strict",
        )
    )


def _client(headers: dict[bytes, bytes]) -> str:
    named = headers.get(b"x-library") or headers.get(b"user-agent") or b""
    text = named[:_CLIENT_LENGTH].decode("latin-1")
    return "".join(character for character in text if character.isprintable()).strip()


async def json_body(request: Request, receive: Receive) -> dict[str, Any]:
    """Read the body as one JSON object; {} when it is empty.

    Raises what `whole_body` raises, and `Refusal`: 406 for another content type, 400
    for text that is no JSON object, names a key twice or is nested beyond reason.
    """
    raw = await whole_body(receive)
    if not raw.strip():
        return {}
    kind = request.content_type.partition(";")[0].strip().lower()
    if kind and kind != "application/json":
        raise Refusal(406, "not_acceptable", "Send the body as application/json.")
    try:
        body = json.loads(raw, object_pairs_hook=_once, parse_constant=_never)
    except (ValueError, RecursionError):
        raise Refusal(400, "invalid_request", "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise Refusal(400, "invalid_request", "The body must be a JSON object.")
    return body


async def whole_body(receive: Receive, *, within_s: float = BODY_WITHIN_S) -> bytes:
    """Read a body to its end.

    Raises `Refusal`: 413 above 1 MiB, 400 when it takes too long; and
    `ConnectionAbortedError` when the client leaves.
    """
    try:
        async with asyncio.timeout(within_s):
            return await _bytes(receive)
    except TimeoutError:
        raise Refusal(
            400, "invalid_request", f"The body was not there after {within_s:.0f} s."
        ) from None


async def _bytes(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError
        part = message.get("body", b"")
        size += len(part)
        if size > MOST_BODY_BYTES:
            raise Refusal(413, "invalid_request", "The body is larger than 1 MiB.")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _never(constant: str) -> Any:
    """Refuse NaN and Infinity, which Python reads and JSON does not know."""
    raise ValueError(constant)
