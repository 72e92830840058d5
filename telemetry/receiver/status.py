"""Say how a receiver is: in Redis for the console, in a file for its own container."""

import contextlib
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from redis import asyncio as redis_async

from events import alive

_KEY = "keyfob:receiver:"
SILENT_AFTER_S = 30


def file() -> Path:
    """Return where this machine's receiver writes how it is."""
    return Path(settings.DATA_DIR) / "receiver.json"


def beats(now_s: float | None = None) -> bool:
    """Tell whether this machine's receiver has written in the last 30 s."""
    try:
        written_at_s = file().stat().st_mtime
    except FileNotFoundError:
        return False
    return (now_s or time.time()) - written_at_s < SILENT_AFTER_S


def running(client: redis.Redis) -> list[dict[str, Any]]:
    """Return what each receiver last said of itself, at most 30 s ago.

    Each has `name`, `source` and the counts of `limits.Counters`. Raises
    `redis.RedisError`.
    """
    found: list[dict[str, Any]] = []
    for key in sorted(client.scan_iter(f"{_KEY}*")):
        text: Any = client.get(key)
        if text:
            found.append(json.loads(text))
    return found


class Beat:
    """One process's sign of life."""

    def __init__(self, redis_url: str, source: str) -> None:
        self._client = redis_async.Redis.from_url(
            redis_url, socket_connect_timeout=1, socket_timeout=1
        )
        self._source = source
        self.name = f"{socket.gethostname()}:{os.getpid()}"

    async def write(self, counts: dict[str, int]) -> None:
        """Write how it is; a Redis that is away and a full disk are no reason to stop."""
        facts = {"name": self.name, "source": self._source, **counts}
        text = json.dumps(facts)
        with contextlib.suppress(OSError):
            path = file()
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f"receiver.{os.getpid()}.tmp")
            temporary.write_text(text, encoding="ascii")
            temporary.replace(path)
        with contextlib.suppress(redis.RedisError, OSError):
            await self._client.set(_KEY + self.name, text, ex=SILENT_AFTER_S)
            await alive.beat_async(self._client, alive.RECEIVER)

    async def close(self) -> None:
        """Say that it has ended."""
        with contextlib.suppress(redis.RedisError, OSError):
            await self._client.delete(_KEY + self.name)
        await self._client.aclose()
