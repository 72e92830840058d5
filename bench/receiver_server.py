"""Keyfob's receiver as the benchmark runs it: viewers known, nothing else left out."""

import asyncio
import signal
import sys
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

import django
import uvloop

from accounts import interpreter
from bench.receiver_cars import vin_of
from events.channel import Channel

_ACCOUNTS = 10


async def _serve(folder: Path, port: int, cars: int, redis_url: str) -> None:
    # Models can be imported only now.
    from telemetry.issuing import Issued  # noqa: PLC0415
    from telemetry.receiver.door import listen  # noqa: PLC0415
    from telemetry.receiver.limits import Limits  # noqa: PLC0415
    from telemetry.receiver.metering import Metering  # noqa: PLC0415
    from telemetry.receiver.running import PATIENCE_S  # noqa: PLC0415
    from telemetry.receiver.server import Receiver  # noqa: PLC0415
    from vehicles.services.viewers import Viewer  # noqa: PLC0415

    interpreter.settle()
    seen = {
        vin_of(number): (Viewer(UUID(int=number % _ACCOUNTS), sees_location=True),)
        for number in range(cars)
    }

    def ask(vins: Collection[str]) -> dict[str, tuple[Viewer, ...]]:
        return {vin: seen[vin] for vin in vins}

    leaf = Issued((folder / "leaf.pem").read_text(), (folder / "leaf.key").read_text())
    receiver = Receiver(
        Channel(redis_url, within_s=PATIENCE_S),
        leaf=lambda: leaf,
        ask=ask,
        metering=Metering(lambda _counts: None),
        limits=Limits(
            connections_per_address=10_000, burst=10_000_000, frames_per_second=100_000
        ),
        more_authorities=folder / "tesla.pem",
    )
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await receiver.run(listen("127.0.0.1", port), stop)


if __name__ == "__main__":
    django.setup()
    uvloop.run(
        _serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
    )
