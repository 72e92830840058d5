"""`make run` as a person meets it: ready, used, stopped, started again."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.ports import free_port

PATIENCE_S = 120
STOPS_WITHIN_S = 20

Start = Callable[..., "Run"]


class Run:
    """One run of the supervisor, its output in a file."""

    def __init__(
        self, data: Path, port: int | str, output: Path, **variables: str
    ) -> None:
        self.data, self.port, self._output = data, port, output
        measured = {name: os.environ[name] for name in os.environ if "COV" in name}
        env = {"PATH": os.environ["PATH"], **measured, **variables}
        with output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tools.run"],
                env={**env, "PORT": str(port), "DATA": str(data)},
                cwd=settings.BASE_DIR,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def words(self) -> str:
        """Return what was printed so far."""
        return self._output.read_text(encoding="utf-8")

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so, as long as the supervisor runs."""
        end_at = time.monotonic() + PATIENCE_S
        while not condition():
            assert self.process.poll() is None, self.words
            assert time.monotonic() < end_at, self.words
            time.sleep(0.1)

    def until_ready(self) -> None:
        """Wait until people are told that it is ready."""
        self.until(lambda: "Keyfob is ready" in self.words)

    def stop(self, how: signal.Signals) -> int:
        """Signal the supervisor alone and return its exit status."""
        self.process.send_signal(how)
        return self.process.wait(STOPS_WITHIN_S)

    def processes(self) -> list[int]:
        """Return the ids of all processes that belong to this run."""
        mark = f"DATA={self.data}".encode()
        return [
            int(folder.name)
            for folder in Path("/proc").glob("[0-9]*")
            if mark in _environ(folder).split(b"\0")
        ]


def _environ(folder: Path) -> bytes:
    try:
        return (folder / "environ").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts the supervisor; ends what is left of it."""
    runs: list[Run] = []

    def begin(port: int | str, **variables: str) -> Run:
        output = tmp_path / f"output-{len(runs)}"
        run = Run(tmp_path / "data", port, output, **variables)
        runs.append(run)
        return run

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.stop(signal.SIGTERM)


def _page(port: int) -> str:
    with urllib.request.urlopen(f"http://localhost:{port}/", timeout=30) as answer:
        text: str = answer.read().decode()
        return text


def _registrations(data: Path) -> list[str]:
    with sqlite3.connect(data / "keyfob.sqlite3") as database:
        rows = database.execute("SELECT region FROM tokens_registration ORDER BY 1")
        return [region for (region,) in rows]


def _has_heartbeat(data: Path) -> bool:
    with sqlite3.connect(data / "keyfob.sqlite3") as database:
        return bool(database.execute("SELECT 1 FROM console_heartbeat").fetchall())


def _memory_mb(process_ids: list[int]) -> float:
    """Return the memory of processes, shared pages counted once (PSS)."""
    total_kb = 0
    for one in process_ids:
        lines = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
        total_kb += int(lines.partition("Pss:")[2].split()[0])
    return total_kb / 1024


def test_run_serves_stops_and_starts_again(start: Start) -> None:
    port = free_port()
    first = start(port)
    first.until_ready()
    assert f"http://localhost:{port}" in first.words
    assert "owner@example.com, password" in first.words
    assert "Sign in with Tesla" in _page(port)
    first.until(lambda: _has_heartbeat(first.data))
    assert _registrations(first.data) == ["cn", "eu", "na"]
    for command in (b"receive_telemetry", b"deliver_webhooks"):
        assert _runs(first, command)
    assert _memory_mb(first.processes()) < 500
    secrets = {name: (first.data / name) for name in ("secret-key", "encryption-keys")}
    kept = {name: path.read_text(encoding="ascii") for name, path in secrets.items()}
    assert {oct(path.stat().st_mode & 0o777) for path in secrets.values()} == {"0o600"}
    assert first.stop(signal.SIGINT) == 0
    assert first.processes() == []

    second = start(port)
    second.until_ready()
    assert "The owner exists" in second.words
    assert kept == {
        name: path.read_text(encoding="ascii") for name, path in secrets.items()
    }
    worker = _worker(second)
    os.kill(worker, signal.SIGKILL)
    second.until(lambda: "The worker ended and is started again." in second.words)
    second.until(lambda: _worker(second) not in {0, worker})
    other = start(free_port())
    assert other.process.wait(PATIENCE_S) == 1
    assert "Another run already uses" in other.words
    assert second.stop(signal.SIGTERM) == 0
    assert second.processes() == []


def _runs(run: Run, command: bytes) -> bool:
    return any(
        command in Path(f"/proc/{one}/cmdline").read_bytes() for one in run.processes()
    )


def _worker(run: Run) -> int:
    """Return the id of the worker's first process; 0 when there is none."""
    found = [
        one
        for one in run.processes()
        if b"celery" in Path(f"/proc/{one}/cmdline").read_bytes()
    ]
    return min(found, default=0)


def test_taken_port_is_said_at_once(start: Start) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        run = start(listener.getsockname()[1])
        assert run.process.wait(PATIENCE_S) == 1
    assert "is taken by another program" in run.words
    assert "Traceback" not in run.words


def test_bad_settings_stop_the_start_with_one_list(start: Start) -> None:
    run = start("web", LOG_LEVEL="loud")
    assert run.process.wait(PATIENCE_S) == 1
    problems = [line for line in run.words.splitlines() if line[:4] == "  - "]
    assert problems == [
        "  - PORT: must be a whole number, not 'web'.",
        "  - LOG_LEVEL: must be one of debug, info, warning, error, not 'loud'.",
    ]
    assert "Traceback" not in run.words
    assert run.processes() == []


def test_signal_during_the_start_leaves_nothing(start: Start) -> None:
    run = start(free_port())
    run.until((run.data / "redis" / "redis.sock").exists)
    assert run.stop(signal.SIGINT) == 0
    assert run.processes() == []
