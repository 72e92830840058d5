"""Run the pretend Stripe as a program: `python -m simulator.stripe --port 8003`."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from aiohttp import web

from simulator.stripe.app import make_app
from simulator.stripe.desk import Desk
from simulator.stripe.saving import save, take_up
from simulator.stripe.sender import Sender


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser("simulator.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=8003)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--public-url", required=True, help="the address clients use")
    parser.add_argument("--webhook-url", required=True, help="who hears notifications")
    parser.add_argument("--data", type=Path, help="folder in which the state is kept")
    return parser


async def serve(desk: Desk, host: str, port: int, folder: Path | None) -> None:
    """Serve until SIGTERM or SIGINT, saying once when it is ready; keep the state."""
    if folder is not None:
        take_up(desk, folder)
    runner = web.AppRunner(make_app(desk), access_log=None, shutdown_timeout=0.5)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    sys.stdout.write(f"The simulated Stripe is ready at {desk.public_url}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()
    if folder is not None:
        save(desk, folder)


def main() -> None:
    """Run the program."""
    given = arguments().parse_args()
    desk = Desk(given.public_url, sender=Sender(given.webhook_url))
    asyncio.run(serve(desk, given.host, given.port, given.data))


if __name__ == "__main__":
    main()
