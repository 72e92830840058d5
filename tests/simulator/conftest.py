"""A running simulator, a caller of its doors, and a server of public keys."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from simulator.testing import DOMAIN, RunningSimulator
from tests.answering import answering
from tests.simulator.doors import KEY_HEX, NOON, Doors, KeyServer


@pytest.fixture(scope="session")
def _running() -> Iterator[RunningSimulator]:
    with RunningSimulator(at=NOON) as running:
        yield running


@pytest.fixture
def sim(_running: RunningSimulator) -> RunningSimulator:
    """Return a simulator as it is at its start: nobody has consented."""
    _running.key_urls.clear()
    _running.reset()
    return _running


@pytest.fixture
def doors(sim: RunningSimulator) -> Iterator[Doors]:
    """Return a caller; the test application is registered nowhere yet."""
    found = Doors(sim)
    yield found
    sim.release()
    found.http.close()


@pytest.fixture
def registered(doors: Doors) -> Doors:
    """Return a caller whose application is registered in all regions."""
    doors.sim.register(KEY_HEX)
    return doors


@pytest.fixture
def key_server(sim: RunningSimulator) -> Iterator[KeyServer]:
    """Serve the public key of `DOMAIN` over loopback HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/.well-known/appspecific/com.tesla.3p.public-key.pem"
            self.send_response(served.status if found else 404)
            self.send_header("Content-Length", str(len(served.body)))
            if served.status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(served.body)

        def log_message(self, *_: object) -> None:
            return

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as address:
        served = KeyServer(address)
        sim.key_urls[DOMAIN] = served.url
        yield served
