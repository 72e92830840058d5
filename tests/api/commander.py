"""One process of several that command one car.

Run by tests as `python -m tests.api.commander ACCESS_TOKEN TIMES PATH …`; it says that
it is ready, waits for a line, sends each command that often, all at once, and prints
how they were answered.
"""

import asyncio
import json
import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from api.door import Door  # noqa: E402  # Django must be set up first


async def call(door: Door, access_token: str, path: str) -> Any:
    """Send one command to a door and return its answer's content."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {access_token}".encode())],
    }
    await door(scope, receive, send)
    return json.loads(sent[1]["body"])


async def main(access_token: str, times: int, paths: list[str]) -> Any:
    """Send the commands; return the answers' contents."""
    door = Door()
    calls = [call(door, access_token, path) for path in paths for _ in range(times)]
    try:
        return await asyncio.gather(*calls)
    finally:
        await door.close()


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    answers = asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
    sys.stdout.write(json.dumps(answers))
