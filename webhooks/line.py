"""Find out whether our own line works, when endpoints cannot be reached."""

import asyncio
from collections.abc import Iterable
from contextlib import closing
from urllib.parse import urlsplit

from webhooks.names import Resolve

_WITHIN_S = 5.0


async def works(urls: Iterable[str], resolve: Resolve) -> bool:
    """Tell whether any of the hosts of these addresses takes a connection.

    Let `resolve` be another than that of the endpoints, which they may keep busy.
    """
    tried = [asyncio.ensure_future(_answers(url, resolve)) for url in urls]
    try:
        for answer in asyncio.as_completed(tried):
            if await answer:
                return True
        return False
    finally:
        for one in tried:
            one.cancel()


async def _answers(url: str, resolve: Resolve) -> bool:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(_WITHIN_S):
            for *_, (number, *_) in await resolve(parts.hostname or "", port):
                if await _is_there(number, port):
                    return True
    except (OSError, UnicodeError):
        pass
    return False


async def _is_there(number: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(number, port)
    except OSError:
        return False
    with closing(writer):
        return True
