"""Tell events of 400 bytes at a steady rate, to Redis or to nchan, until told to end.

python -m bench.teller redis URL PER_SECOND ACCOUNT,VIN…
python -m bench.teller nchan PORT PER_SECOND CHANNEL…
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import uvloop

from events import shapes
from events.channel import Channel
from events.event import Entry

_BYTES = 400
_EVERY_S = 0.005
Tell = Callable[[int, int], Awaitable[None]]


def _values(vin: str) -> dict[str, object]:
    bare = len(shapes.data(vin, {"t": time.monotonic_ns(), "Fill": ""}, 0).body)
    return {"t": time.monotonic_ns(), "Fill": "x" * (_BYTES - bare)}


def _to_redis(url: str, whom: Sequence[str]) -> Tell:
    channel = Channel(url)
    pairs = [(UUID(one.split(",")[0]), one.split(",")[1]) for one in whom]

    async def tell(first: int, count: int) -> None:
        at_ms = time.time_ns() // 1_000_000
        entries = []
        for number in range(first, first + count):
            account, vin = pairs[number % len(pairs)]
            entries.append(Entry(account, shapes.data(vin, _values(vin), at_ms)))
        await channel.publish(entries)

    return tell


async def _to_nchan(port: int, whom: Sequence[str]) -> Tell:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def tell(first: int, count: int) -> None:
        parts = []
        for number in range(first, first + count):
            body = shapes.data(
                "5YJ3E1EA7NF000000", _values("5YJ3E1EA7NF000000"), 0
            ).body
            path = f"/pub/{whom[number % len(whom)]}"
            head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n"
            parts.append(f"{head}\r\n".encode() + body)
        writer.write(b"".join(parts))
        for _ in range(count):
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = answer.partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length or 0))

    return tell


async def main(kind: str, where: str, per_second: float, whom: Sequence[str]) -> None:
    """Tell until the process is ended."""
    tell = (
        _to_redis(where, whom) if kind == "redis" else await _to_nchan(int(where), whom)
    )
    begun_s = time.monotonic()
    told = 0
    while True:
        due = int((time.monotonic() - begun_s) * per_second) - told
        if due > 0:
            # What could not be told in time is left out.
            told += due
            await tell(told, min(due, 500))
        await asyncio.sleep(_EVERY_S)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4:]))
