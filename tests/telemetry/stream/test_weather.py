"""Streams in bad weather: restarts, a Redis that is away, listeners who never read."""

import signal
import time
from pathlib import Path

from accounts.models import User
from events import shapes
from tests.telemetry.stream.conftest import VIN, Listen, MakePerson
from tests.telemetry.stream.listening import Server, serving

AT_MS = 1785233730007


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


def test_restart_ends_streams_cleanly(
    person: MakePerson, alice: User, tmp_path: Path
) -> None:
    somebody = person(alice)
    with serving(tmp_path, STREAMS_PER_ACCOUNT="200") as server:
        lines = [server.listen(token=somebody.token) for _ in range(100)]
        for line in lines:
            line.begin()
        begun_s = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        for line in lines:
            line.end()
            line.socket.close()
        server.process.wait(15)
        assert time.monotonic() - begun_s < 15
        assert server.process.returncode == 0


def test_one_that_never_reads_costs_the_others_nothing(
    listen: Listen, server: Server, person: MakePerson, alice: User
) -> None:
    somebody = person(alice)
    stuck = listen(token=somebody.token, buffer=4096).begin()
    line = listen(token=somebody.token).begin()
    before = resident_bytes(server)
    events = [shapes.data(VIN, {"A": "x" * 50_000}, AT_MS + n) for n in range(40)]
    for _ in range(20):
        somebody.tell(*events)
        for _ in events:
            line.event()
        print((resident_bytes(server) - before) / 1e6)
    assert resident_bytes(server) - before < 8_000_000
