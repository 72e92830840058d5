"""Run all of Keyfob on this machine until Ctrl-C: `make run`.

PORT (8000) is where the console answers, DATA (./data) what it keeps. Without a Tesla
application in the environment a simulated Tesla runs beside it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from types import FrameType

from tools.processes import Child, Died, Supervisor
from tools.surroundings import (
    HOST,
    PREPARED,
    CannotRun,
    Surroundings,
    answers,
    lock,
    look_around,
)

_READY_WITHIN_S = 60.0
_LOOK_EVERY_S = 0.05
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop(Exception):
    """Somebody asked the run to end."""


def redis(here: Surroundings, env: Mapping[str, str]) -> Child:
    """Return Redis on a Unix socket, with an append-only file in the data folder."""
    folder = here.data / "redis"
    command = [
        *(here.redis_server, "--port", "0"),
        *("--unixsocket", str(here.redis_socket), "--unixsocketperm", "700"),
        *("--dir", str(folder), "--appendonly", "yes", "--save", ""),
        *("--maxmemory-policy", "noeviction"),
    ]
    return Child("Redis", command, env, here.data / "log" / "redis.log")


def simulator(here: Surroundings, env: Mapping[str, str]) -> Child:
    """Return the simulated Tesla."""
    command = [sys.executable, "-m", "simulator", *here.simulator_command()]
    log = here.data / "log" / "simulator.log"
    return Child("The simulated Tesla", command, env, log)


def web(here: Surroundings, env: Mapping[str, str]) -> Child:
    """Return the web process: one worker, and no access log, since it holds queries."""
    command = [
        *(sys.executable, "-m", "granian", "--interface", "asgi"),
        *("--host", HOST, "--port", str(here.port), "--workers", "1"),
        *("--no-access-log", "--log-level", "warning"),
        *("--workers-kill-timeout", "5", "console.asgi:application"),
    ]
    return Child("The web process", command, env, here.data / "log" / "web.log")


def worker(here: Surroundings, env: Mapping[str, str]) -> Child:
    """Return the Celery worker with its clock: threads, since it only waits for Tesla."""
    command = [
        *(sys.executable, "-m", "celery", "-A", "console", "worker", "--beat"),
        *("--schedule", str(here.data / "beat-schedule")),
        *("--pool", "threads", "--concurrency", "4", "--loglevel", "warning"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]
    return Child("The worker", command, env, here.data / "log" / "worker.log")


def run(here: Surroundings, supervisor: Supervisor) -> None:
    """Start everything in its order, say when it is ready, and keep it running."""
    began = time.monotonic()
    env = here.environment(os.environ)
    supervisor.start(redis(here, env))
    if here.simulator_port is not None:
        supervisor.start(simulator(here, env))
    preparing = subprocess.Popen(
        [sys.executable, "-m", "tools.prepare", str(here.port)],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        words = _start_web(preparing, here, env, supervisor)
    finally:
        preparing.kill()
        preparing.wait()
    supervisor.check()
    _say_ready(here, words, time.monotonic() - began)
    supervisor.watch()


def _start_web(
    preparing: subprocess.Popen[str],
    here: Surroundings,
    env: Mapping[str, str],
    supervisor: Supervisor,
) -> str:
    """Start the web process, then the worker; return what was said to people."""
    assert preparing.stdout is not None  # noqa: S101 - asked for with PIPE
    line = preparing.stdout.readline()
    if line.strip() != PREPARED:
        raise CannotRun(f"{line}{preparing.stdout.read()}".strip())
    supervisor.start(web(here, env))
    _wait(supervisor, lambda: answers(here.port))
    # Only now, so that the worker's start does not hold up the first page.
    supervisor.start(worker(here, env))
    _wait(supervisor, lambda: preparing.poll() is not None)
    return preparing.stdout.read()


def _wait(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    end_at = time.monotonic() + _READY_WITHIN_S
    while not condition():
        supervisor.check()
        if time.monotonic() > end_at:
            raise CannotRun("This takes too long; the logs may say why.")
        time.sleep(_LOOK_EVERY_S)


def _say_ready(here: Surroundings, words: str, took_s: float) -> None:
    print(f"\nKeyfob is ready at {here.public_url}  ({took_s:.1f} s)")
    print(f"  {words.strip()}".replace("\n", "\n  "))
    if here.simulator_port is not None:
        print("  Or sign in with Tesla as Alice, Bob or Charlie: Tesla is simulated,")
        print(f"  at {here.simulator_url}/admin. To use the real one, see README.md.")
    print(f"  Data and logs: {here.data}. Ctrl-C stops everything.", flush=True)


def _raise_stop(_number: int, _frame: FrameType | None) -> None:
    for name in _SIGNALS:
        signal.signal(name, signal.SIG_IGN)
    raise Stop


def main() -> int:
    """Run the program; return its exit status."""
    supervisor = Supervisor()
    for name in _SIGNALS:
        signal.signal(name, _raise_stop)
    try:
        here = look_around(os.environ)
        with lock(here.data):
            try:
                run(here, supervisor)
            finally:
                supervisor.stop()
    except Stop:
        print("\nStopped.")
        return 0
    except (CannotRun, Died) as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
