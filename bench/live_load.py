"""The load of `bench.live`: cars that stream, and programs that listen to them."""

import asyncio
import json
import sys
import time
from datetime import datetime
from pathlib import Path

import aiohttp

from bench.seed_names import vin_of
from simulator.streaming.certificates import Authority
from simulator.streaming.convoy import Convoy, make_cars
from simulator.streaming.line import Destination

HOSTNAME = "telemetry.example.com"
_EVERY_S = 0.5


async def _drive(folder: Path, port: int, count: int) -> None:
    """Let cars stream until the process is ended, each at its own moment."""
    cars = make_cars(count)
    for number, car in enumerate(cars):
        car.vin = vin_of(number)
    destination = Destination(HOSTNAME, 443, ("127.0.0.1", port))
    ca = (folder / "ca.pem").read_text()
    authority = Authority.kept(folder)
    # Cars tick one after the other: together they would wait for each other here.
    async with Convoy(destination, ca, cars, authority=authority, tick_s=None) as all_:
        while True:
            begun_s = time.monotonic()
            for number, stream in enumerate(all_.streams):
                stream.tick()
                due_s = begun_s + _EVERY_S * (number + 1) / count
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))


async def _listen(
    session: aiohttp.ClientSession, url: str, until_s: float, found: list[float]
) -> None:
    async with session.get(url) as answer:
        answer.raise_for_status()
        async for line in answer.content:
            now_s = time.time()
            if now_s > until_s:
                return
            if line.startswith(b"data: ") and b'"isCache"' not in line:
                event = json.loads(line[6:])
                if "data" in event:
                    born = datetime.fromisoformat(event["createdAt"])
                    found.append((now_s - born.timestamp()) * 1000)


async def _measure(port: int, token: str, count: int, seconds: float) -> None:
    """Listen to each car, and print how long each event took, in milliseconds."""
    found: list[float] = []
    headers = {"Authorization": f"Bearer {token}"}
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=seconds + 30)
    async with aiohttp.ClientSession(
        headers=headers, connector=connector, timeout=timeout
    ) as session:
        until_s = time.time() + seconds
        base = f"http://127.0.0.1:{port}/sse"
        work = [
            _listen(session, f"{base}/{vin_of(number)}", until_s, found)
            for number in range(count)
        ]
        await asyncio.gather(*work)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    if what == "cars":
        asyncio.run(_drive(Path(rest[0]), int(rest[1]), int(rest[2])))
    else:
        port, token, count, seconds = rest
        asyncio.run(_measure(int(port), token, int(count), float(seconds)))
