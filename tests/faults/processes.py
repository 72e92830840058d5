"""Real processes to be killed, stopped and paused, each ended by its own id."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

from console.celery import app
from console.models import Heartbeat
from tests.fixtures.live import web_command
from tests.fixtures.work import QUEUE
from tests.ports import free_port
from tests.servers import redis_server
from tools.surroundings import answers

WITHIN_S = 60.0
_LOOK_EVERY_S = 0.05


def until(condition: Callable[[], object], within_s: float = WITHIN_S) -> None:
    """Wait until something is so; fail when that takes too long."""
    end_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end_at
        time.sleep(_LOOK_EVERY_S)


class Process:
    """One process in a session of its own."""

    def __init__(
        self, command: list[str], env: Mapping[str, str], log: Path | None = None
    ) -> None:
        with (log or Path(os.devnull)).open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env=env,
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def send(self, how: signal.Signals) -> None:
        """Signal it."""
        self._process.send_signal(how)

    def wait(self, within_s: float = WITHIN_S) -> int:
        """Wait for its end and return its status."""
        return self._process.wait(within_s)

    def is_running(self) -> bool:
        """Tell whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it as the machine would that runs out of memory, with its children."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(WITHIN_S)


class OwnRedis:
    """A Redis server that nobody else uses; its socket lies in a folder of its own.

    One that `keeps` has what it confirmed again when it is started after its end.
    """

    def __init__(self, *, keeps: bool = False) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="keyfob-redis-"))
        self._keeps = "yes" if keeps else "no"
        self.socket = self._folder / "redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self.start()

    def start(self) -> None:
        """Start it, with what it kept, and wait until it answers."""
        self.process = Process(
            [
                *(redis_server(), "--port", "0", "--unixsocket", str(self.socket)),
                *("--save", "", "--dir", str(self._folder)),
                *("--appendonly", self._keeps, "--appendfsync", "always"),
            ],
            os.environ,
        )
        until(self._answers)

    def client(self) -> "redis.Redis":
        """Return a way to it, to be closed by the caller."""
        return redis.Redis(unix_socket_path=str(self.socket))

    def end(self) -> None:
        """Kill it and remove its folder."""
        self.process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@dataclass
class Workshop:
    """Where the processes of one test work: their Redis, environment and logs."""

    redis: OwnRedis
    env: Mapping[str, str]
    logs: Path
    _running: list[Process] = field(default_factory=list)

    def start(self, command: list[str], name: str) -> Process:
        """Start a process, which ends with the test."""
        process = Process(command, self.env, self.logs / f"{name}.log")
        self._running.append(process)
        return process

    def worker(self, *, threads: int = 4, has_clock: bool = False) -> Process:
        """Start a worker, and wait until it works."""
        number = len(self._running)
        command = [
            *(sys.executable, "-m", "celery", "-A", "console", "worker"),
            *("--pool", "threads", "--concurrency", str(threads)),
            *("--loglevel", "warning", "--without-gossip", "--without-mingle"),
            *("--hostname", f"worker{number}@localhost"),
        ]
        if has_clock:
            command += ["--beat", "--schedule", str(self.logs / "schedule")]
        Heartbeat.objects.all().delete()
        worker = self.start(command, f"worker-{number}")
        until(Heartbeat.objects.exists)
        return worker

    def clock(self) -> Process:
        """Start a clock as larger installations run it: one of several, by a lock."""
        command = [
            *(sys.executable, "-m", "celery", "-A", "console", "beat", "--pidfile="),
            *("--scheduler", "redbeat.RedBeatScheduler", "--loglevel", "warning"),
        ]
        return self.start(command, f"beat-{len(self._running)}")

    def web(self) -> str:
        """Start a web process and return its address."""
        port = free_port()
        self.start(web_command(port), "web")
        until(lambda: answers(port))
        return f"http://127.0.0.1:{port}"

    def ring(self, task: str, *arguments: Any) -> None:
        """Send a task to the workers of this place."""
        with app.connection_for_write(broker_of(self.redis.url)) as connection:
            app.send_task(task, args=arguments, connection=connection)

    def waiting(self) -> int:
        """Return how many tasks nobody has taken yet."""
        with self.redis.client() as client:
            return int(client.llen(QUEUE))

    def end(self) -> None:
        """Kill all that runs."""
        while self._running:
            self._running.pop().kill()
        self.redis.end()


def broker_of(redis_url: str) -> str:
    """Return the address of a Redis as the queue wants it."""
    return redis_url.replace("unix://", "redis+socket://").replace(
        "?db=", "?virtual_host="
    )
