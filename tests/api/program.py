"""One process of several: it counts calls against the limits that all of them share.

Run by tests as `python -m tests.api.program NAME LIMIT TRIES`; it says that it is
ready, waits for a line, tries, and prints how many calls were let in.
"""

import asyncio
import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
django.setup()

from api.limits import Limits  # noqa: E402  # Django must be set up first
from tokens.async_shared import Shared  # noqa: E402


async def main(name: str, limit: int, tries: int) -> int:
    """Try to make calls, all at once; return how many were let in."""
    shared = Shared()
    limits = Limits(shared)
    waits = await asyncio.gather(*(limits.take(name, limit) for _ in range(tries)))
    await shared.close()
    return sum(not wait_s for wait_s in waits)


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    let_in = asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    sys.stdout.write(json.dumps(let_in))
