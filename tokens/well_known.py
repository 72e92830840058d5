"""Serve the public half of the signing key at the address where Tesla looks for it.

A plain ASGI callable before Django: no session, no redirect, and no database once the
key was read. Tesla reads it at registration and again at each pairing.
Source: Tesla's page on developing with virtual keys.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection

from tokens.models import SigningKey
from tokens.services import signing_keys

PATH = "/.well-known/appspecific/com.tesla.3p.public-key.pem"
_LOG = logging.getLogger(__name__)
_BEGINNING = b"-----BEGIN PUBLIC KEY-----"
_known: dict[Path, bytes] = {}

_Headers = list[tuple[bytes, bytes]]
_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def public_key(scope: _Scope, receive: _Receive, send: _Send) -> None:
    """Answer GET and HEAD with the PEM, cacheable for an hour, 304 when unchanged."""
    method = scope["method"]
    if method not in {"GET", "HEAD"}:
        await _answer(send, 405, [(b"allow", b"GET, HEAD")], b"Use GET.\n")
        return
    try:
        pem = _known.get(signing_keys.public_file()) or await asyncio.to_thread(_load)
    except DatabaseError:
        _LOG.warning("The public key is not in a file, and the database is away.")
        headers = [(b"retry-after", b"10"), (b"cache-control", b"no-store")]
        await _answer(send, 503, headers, b"The database is away.\n")
        return
    if pem is None:
        headers = [(b"cache-control", b"no-store")]
        await _answer(send, 404, headers, b"There is no signing key yet.\n")
        return
    tag = b'"' + hashlib.sha256(pem).hexdigest()[:32].encode() + b'"'
    headers = [(b"cache-control", b"public, max-age=3600"), (b"etag", tag)]
    if tag in _asked_tags(scope["headers"]):
        await _answer(send, 304, headers, None)
        return
    headers.append((b"content-type", b"application/x-pem-file"))
    await _answer(send, 200, headers, pem, is_head=method == "HEAD")


def _load() -> bytes | None:
    """Read the key from its file, else from the database; None before it is made."""
    path = signing_keys.public_file()
    pem = path.read_bytes() if path.is_file() else b""
    if not pem.startswith(_BEGINNING):
        try:
            if not SigningKey.objects.exists():
                return None
            pem = signing_keys.public_pem().encode()
        finally:
            connection.close()
    _known[path] = pem
    return pem


def _asked_tags(headers: Iterable[tuple[bytes, bytes]]) -> set[bytes]:
    tags: set[bytes] = set()
    for name, value in headers:
        if name == b"if-none-match":
            tags.update(
                tag.strip().removeprefix(b"W/") for tag in value[:2000].split(b",")
            )
    return tags


async def _answer(
    send: _Send,
    status: int,
    headers: _Headers,
    body: bytes | None,
    *,
    is_head: bool = False,
) -> None:
    """Send one answer; None is no body at all, and words are plain text."""
    sent = [*headers, (b"x-content-type-options", b"nosniff")]
    if body is not None:
        sent.append((b"content-length", str(len(body)).encode()))
        if b"content-type" not in dict(headers):
            sent.append((b"content-type", b"text/plain; charset=utf-8"))
    await send({"type": "http.response.start", "status": status, "headers": sent})
    shown = b"" if body is None or is_head else body
    await send({"type": "http.response.body", "body": shown})
