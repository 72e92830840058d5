"""Streams in bad weather: restarts, a Redis that is away, listeners who never read."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import redis
from django.utils import timezone

from accounts.models import User
from console.streaming import Doors
from events import channel, latest, shapes
from events.event import Entry
from telemetry.stream import known
from tests.answering import answering
from tests.faults.processes import OwnRedis
from tests.telemetry.stream.conftest import VIN, MakePerson
from tests.telemetry.stream.listening import Cut, Line, Server, beside, serving
from tests.telemetry.stream.test_admission import ENDS_WITHIN_S
from tests.telemetry.stream.test_inside import Visit, bearer, play
from tokens.models import AccessToken, TeslaGrant
from tokens.services import sealing
from tokens.services.spool import Pair

AT_MS = 1785233730007
pytestmark = pytest.mark.fault


class SilentTesla:
    """A Tesla that answers only when it is told to."""

    def __init__(self) -> None:
        self._asked = threading.Semaphore(0)
        self._may_answer = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self._asked.acquire(timeout=10)

    def answer(self) -> None:
        self._may_answer.set()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        tesla = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the library's name
                tesla._asked.release()
                tesla._may_answer.wait(20)
                body = b'{"response":{"state":"online"}}'
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def silent_tesla() -> Iterator[SilentTesla]:
    """Return a Tesla that does not answer yet."""
    tesla = SilentTesla()
    with answering(tesla.server):
        yield tesla
        tesla.answer()


def give_tokens(grant: TeslaGrant) -> None:
    """Let a grant call Tesla."""
    expires_at = timezone.now() + timedelta(hours=8)
    pair = Pair(access_token="t", refresh_token="", expires_at=expires_at)
    columns = sealing.pair_columns(grant, pair, previous_refresh_token="")
    columns["scopes"] = grant.scopes
    TeslaGrant.objects.filter(pk=grant.pk).update(**columns)


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(one) for one in text.split()]


def resident_bytes(server: Server) -> int:
    """Return the memory of the worker."""
    pids = [server.process.pid]
    found = 0
    while pids:
        pid = pids.pop()
        pids += children(pid)
        found = max(found, int(Path(f"/proc/{pid}/statm").read_text().split()[1]))
    return found * 4096


def test_restart_ends_streams_and_finishes_requests(
    person: MakePerson, alice: User, tmp_path: Path, silent_tesla: SilentTesla
) -> None:
    somebody = person(alice)
    give_tokens(somebody.grant)
    url = silent_tesla.url
    with serving(tmp_path, STREAMS_PER_ACCOUNT="200", TESLA_FLEET_URL_NA=url) as server:
        lines = [server.listen(token=somebody.token).begin() for _ in range(100)]
        path = f"/api/1/vehicles/{VIN}/vehicle_data"
        slow = [server.listen(path, token=somebody.token) for _ in range(10)]
        silent_tesla.wait_for(1)
        time.sleep(0.2)
        begun_s = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        for line in lines:
            line.end()
            line.socket.close()
        silent_tesla.answer()
        assert [line.head() for line in slow] == [200] * 10
        for line in slow:
            line.socket.close()
        server.process.wait(15)
        assert time.monotonic() - begun_s < 15
        assert server.process.returncode == 0


def test_one_that_never_reads_costs_the_others_nothing(
    person: MakePerson, alice: User, tmp_path: Path
) -> None:
    somebody = person(alice)
    with serving(tmp_path, STREAMS_PER_ACCOUNT="200") as server:
        lines = [server.listen(token=somebody.token).begin() for _ in range(100)]

        def rounds(*numbers: int) -> float:
            """Return how long a round took: 100 KB for each, until all have the last."""
            begun_s = time.monotonic()
            for number in numbers:
                mark = f"mark-{number}-"
                texts = [f"{place}{'x' * 4000}" for place in range(24)]
                somebody.tell(
                    *(
                        shapes.data(VIN, {"A": text}, AT_MS + number)
                        for text in (*texts, mark)
                    )
                )
                for line in lines:
                    read_until(line, mark.encode())
            return (time.monotonic() - begun_s) / len(numbers)

        rounds(*range(10))
        without_s = rounds(*range(10, 30))
        before = resident_bytes(server)
        stuck = server.listen(token=somebody.token, buffer=4096)
        stuck.head()
        with_s = rounds(*range(30, 90))
        # What the kernel holds for it is no memory of ours.
        assert resident_bytes(server) - before < 8_000_000
        assert with_s < 2 * without_s + 0.05
        # Nor does it keep its stream when its token is gone.
        AccessToken.objects.all().delete()
        for line in lines:
            assert line.socket.recv(100).endswith(b"0\r\n\r\n")
        with suppress(Cut):
            stuck.end()


def read_until(line: Line, mark: bytes) -> None:
    """Read quickly, without looking at events, until a mark came."""
    kept = b""
    while mark not in kept:
        part = line.socket.recv(1 << 18)
        assert part
        kept = kept[-32:] + part


def test_streams_go_on_when_redis_comes_back(
    person: MakePerson, alice: User, tmp_path: Path, own_redis: OwnRedis
) -> None:
    somebody = person(alice)
    seen: dict[str, Any] = {}
    with serving(tmp_path, REDIS_URL=own_redis.url) as server:
        line = server.listen(token=somebody.token).begin()
        for round_number in range(2):
            seen = {"Soc": 0}
            tell(own_redis, alice, {"Soc": 1})
            while seen["Soc"] != 1:
                seen |= line.event()["data"]
            own_redis.process.kill()
            refused = server.listen(token=somebody.token)
            assert refused.head() == 503
            assert refused.json()["error"] == "stream_unavailable"
            own_redis.start()
            tell(own_redis, alice, {"Soc": 2, "Round": round_number})
            while seen != {"Soc": 2, "Round": round_number}:
                seen |= line.event()["data"]
        again = server.listen(token=somebody.token).begin()
        assert again.event()["data"] == seen


def test_redis_that_hangs_keeps_no_stream_of_a_removed_token(
    person: MakePerson,
    alice: User,
    own_redis: OwnRedis,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    somebody = person(alice)
    settings.REDIS_URL = own_redis.url
    monkeypatch.setattr(known, "_WITHIN_S", 60.0)

    async def story(doors: Doors) -> None:
        visit = Visit(doors, "/sse", "", bearer(somebody))
        await visit.until(lambda: bool(visit.text))
        own_redis.process.send(signal.SIGSTOP)
        try:
            await asyncio.sleep(2)  # until Redis is asked and does not answer
            await beside(AccessToken.objects.all().delete)
            begun_s = time.monotonic()
            await visit.until(visit.task.done)
            assert time.monotonic() - begun_s < ENDS_WITHIN_S
            assert visit.sent[-1] == {"type": "http.response.body", "body": b""}
        finally:
            own_redis.process.send(signal.SIGCONT)

    play(story)


def tell(where: OwnRedis, user: User, values: dict[str, Any]) -> None:
    event = shapes.data(VIN, values, int(time.time() * 1000))
    with where.client() as client:
        channel.publish(client, [Entry(user.pk, event)])


def test_killed_web_process_costs_no_state(
    person: MakePerson, alice: User, broker: redis.Redis, tmp_path: Path
) -> None:
    somebody = person(alice)
    many = 300
    with serving(tmp_path, STREAMS_PER_ACCOUNT=str(many)) as server:
        lines = [server.listen(token=somebody.token).begin() for _ in range(many)]
        somebody.tell(shapes.data(VIN, {"Soc": 1}, AT_MS))
        assert [line.event()["data"] for line in lines] == [{"Soc": 1}] * many
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
        for line in lines:
            with pytest.raises(Cut):
                line.end()
            line.socket.close()
    somebody.tell(shapes.data(VIN, {"Soc": 2, "Gear": "P"}, AT_MS + 1))
    # The dead one's streams count for three seconds more.
    with serving(tmp_path, STREAMS_PER_ACCOUNT=str(2 * many)) as server:
        lines = [server.listen(token=somebody.token).begin() for _ in range(many)]
        known = latest.snapshot(broker, alice.pk, VIN)
        values = {name: one.value for name, one in known.signals.items()}
        assert values == {"Soc": b"2", "Gear": b'"P"'}
        for line in lines:
            assert line.event()["data"] == {"Soc": 2, "Gear": "P"}
            line.socket.close()
