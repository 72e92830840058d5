"""Redis that hangs, is full or gone: programs and pages do well without, work waits."""

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import quantiles

import httpx
import pytest

from simulator.testing import RunningSimulator
from tests.factories import client_for
from tests.faults.processes import Workshop, until
from tokens.models import Inquiry, TeslaGrant
from tokens.services import access_tokens

pytestmark = pytest.mark.fault
CSRF = "a" * 32
HOST = "localhost:8000"
_LONGEST_S = 2.0


@dataclass(frozen=True, slots=True)
class Visitor:
    """Alice's program and her browser at a real web process."""

    http: httpx.Client
    access_token: str
    cookie: str
    vin: str

    def program(self, path: str) -> int:
        """Call the API and return the status."""
        bearer = {"Authorization": f"Bearer {self.access_token}"}
        return self.http.get(path, headers=bearer).status_code

    def page(self, path: str) -> int:
        """Open a page and return the status."""
        headers = {"Host": HOST, "Cookie": f"sessionid={self.cookie}"}
        return self.http.get(path, headers=headers).status_code

    def press(self) -> int:
        """Press the button that reads the car's record, and return the status."""
        headers = {
            "Host": HOST,
            "Origin": f"http://{HOST}",
            "Cookie": f"sessionid={self.cookie}; csrftoken={CSRF}",
            "X-CSRFToken": CSRF,
        }
        path = f"/console/vehicle/{self.vin}/ask"
        return self.http.post(
            path, data={"endpoint": "vehicle"}, headers=headers
        ).status_code

    def acts(self) -> list[Callable[[], int]]:
        """Return what programs and people do most, each to be called."""
        car = f"/api/1/vehicles/{self.vin}"
        paths = ("/api/test", "/api/1/products", car, f"{car}/vehicle_data")
        pages = ("/console/", f"/console/vehicle/{self.vin}", "/console/scopes")
        return [
            *(partial(self.program, path) for path in paths),
            *(partial(self.page, path) for path in pages),
            self.press,
        ]

    def reads(self) -> list[int]:
        """Do all of it but press, and return the statuses."""
        return [act() for act in self.acts()[:-1]]


@pytest.fixture
def visitor(
    workshop: Workshop, grant: TeslaGrant, registered: RunningSimulator
) -> Iterator[Visitor]:
    """Return Alice at a web process that runs with this test's own Redis."""
    registered.hub.switches.rate_limits = False
    _, token = access_tokens.issue(grant.user, "test")
    cookie = client_for(grant.user).cookies["sessionid"].value
    vin = registered.world.car_named("Luna").vin
    with httpx.Client(base_url=workshop.web(), timeout=60) as http:
        someone = Visitor(http, token, cookie, vin)
        assert set(someone.reads()) == {200}
        yield someone


def test_redis_that_hangs_holds_nobody_up_for_two_seconds(
    workshop: Workshop, visitor: Visitor
) -> None:
    workshop.redis.process.send(signal.SIGSTOP)
    began_s = time.monotonic()
    spent: list[float] = []
    statuses: list[int] = []

    def visit(_: int) -> None:
        while time.monotonic() < began_s + 3:
            for act in visitor.acts():
                from_s = time.monotonic()
                statuses.append(act())
                spent.append(time.monotonic() - from_s)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(visit, range(2)))
    workshop.redis.process.send(signal.SIGCONT)
    assert set(statuses) == {200, 302}
    assert quantiles(spent, n=100)[98] < _LONGEST_S
    assert set(visitor.reads()) == {200}


def test_full_redis_breaks_no_page_and_loses_no_work(
    workshop: Workshop, visitor: Visitor, registered: RunningSimulator
) -> None:
    worker = workshop.worker(has_clock=True)
    with workshop.redis.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        assert set(visitor.reads()) == {200}
        assert visitor.press() == 302
        assert set(visitor.reads()) == {200}
        assert Inquiry.objects.get().state == Inquiry.State.WAITING
        client.config_set("maxmemory", "0")
    until(lambda: Inquiry.objects.get().state == Inquiry.State.ANSWERED)
    assert Inquiry.objects.get().attempts == 1
    assert worker.is_running()


def test_worker_outlives_a_redis_that_refuses_what_it_confirms(
    workshop: Workshop, visitor: Visitor
) -> None:
    worker = workshop.worker(has_clock=True)
    log = workshop.logs / "worker-1.log"
    with workshop.redis.client() as client:
        worker.send(signal.SIGSTOP)
        assert visitor.press() == 302
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        worker.send(signal.SIGCONT)
        until(lambda: "Connection to broker lost" in log.read_text())
        client.config_set("maxmemory", "0")
    until(lambda: Inquiry.objects.get().state == Inquiry.State.ANSWERED)
    assert worker.is_running()


def test_redis_that_goes_and_comes_back_empty_is_missed_by_nobody(
    workshop: Workshop, visitor: Visitor
) -> None:
    worker = workshop.worker(has_clock=True)
    workshop.redis.process.kill()
    assert set(visitor.reads()) == {200}
    assert visitor.press() == 302
    assert set(visitor.reads()) == {200}
    workshop.redis.start()
    until(lambda: Inquiry.objects.get().state == Inquiry.State.ANSWERED)
    assert Inquiry.objects.get().attempts == 1
    assert set(visitor.reads()) == {200}
    assert worker.is_running()
