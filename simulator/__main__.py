"""Run the simulator as a program: `python -m simulator --port 8001`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from aiohttp import web

from simulator.app import make_app
from simulator.config import Application, Config


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser("simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--public-url", default="", help="the address clients use")
    parser.add_argument("--data", type=Path, help="folder in which the state is kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--client", metavar="ID:SECRET", type=_pair_of(":"))
    parser.add_argument("--client-name", default="Third-party application")
    parser.add_argument("--redirect-uri", action="append", default=[], metavar="URL")
    parser.add_argument("--allowed-origin", action="append", default=[], metavar="URL")
    parser.add_argument(
        "--key-url",
        action="append",
        default=[],
        metavar="DOMAIN=URL",
        type=_pair_of("="),
        help="where the public key of a domain is really fetched",
    )
    parser.add_argument(
        "--telemetry-host",
        action="append",
        default=[],
        metavar="HOST=ADDRESS[:PORT]",
        type=_pair_of("="),
        help="where cars really reach a telemetry server",
    )
    parser.add_argument(
        "--telemetry-ca",
        type=Path,
        metavar="FILE",
        help="where to write the certificate of the cars' CA",
    )
    parser.add_argument("--no-rate-limits", action="store_true")
    return parser


def _pair_of(separator: str) -> Callable[[str], tuple[str, str]]:
    def split(text: str) -> tuple[str, str]:
        left, found, right = text.partition(separator)
        if not (left and found and right):
            raise argparse.ArgumentTypeError(f"needs two parts around {separator}")
        return left, right

    return split


def config_of(words: Sequence[str]) -> Config:
    """Return the config that a command line describes. Exits when it is wrong."""
    given = arguments().parse_args(words)
    applications: tuple[Application, ...] = ()
    if given.client:
        applications = (
            Application(
                client_id=given.client[0],
                client_secret=given.client[1],
                redirect_uris=tuple(given.redirect_uri),
                allowed_origins=tuple(given.allowed_origin),
                name=given.client_name,
            ),
        )
    return Config(
        public_url=(given.public_url or f"http://{given.host}:{given.port}").rstrip(
            "/"
        ),
        applications=applications,
        key_urls=dict(given.key_url),
        seed=given.seed,
        folder=given.data,
        rate_limits=not given.no_rate_limits,
        telemetry_hosts=dict(given.telemetry_host),
        ca_file=given.telemetry_ca,
    )


async def serve(config: Config, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, saying once when it is ready."""
    runner = web.AppRunner(make_app(config), access_log=None, shutdown_timeout=0.5)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    sys.stdout.write(f"The simulated Tesla is ready at {config.public_url}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Run the program."""
    given = arguments().parse_args()
    asyncio.run(serve(config_of(sys.argv[1:]), given.host, given.port))


if __name__ == "__main__":
    main()
