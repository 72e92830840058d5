"""Find out whether our own line works, when endpoints cannot be reached."""

import asyncio
from collections.abc import Iterable
from contextlib import closing
from urllib.parse import urlsplit

_WITHIN_S = 5.0


async def works(urls: Iterable[str]) -> bool:
    """Tell whether any of the hosts of these addresses takes a connection."""
    tried = [asyncio.ensure_future(_answers(url)) for url in urls]
    try:
        for answer in asyncio.as_completed(tried):
            if await answer:
                return True
        return False
    finally:
        for one in tried:
            one.cancel()


async def _answers(url: str) -> bool:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(_WITHIN_S):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except (OSError, TimeoutError):
        return False
    with closing(writer):
        return True
