"""Run all of Keyfob on this machine until Ctrl-C: `make run`.

PORT (8000) is where the console answers, DATA (./data) what it keeps. Without a Tesla
application in the environment a simulated Tesla runs beside it.
"""

import os
import signal
import sys
import time
from collections.abc import Mapping
from io import TextIOWrapper

from tools.processes import Child, Died, Stop, Supervisor, TooSlow
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
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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


def paddle(here: Surroundings, env: Mapping[str, str]) -> Child:
    """Return the simulated Paddle."""
    command = [sys.executable, "-m", "simulator.paddle", *here.paddle_command()]
    return Child("The simulated Paddle", command, env, here.data / "log" / "paddle.log")


def stripe(here: Surroundings, env: Mapping[str, str]) -> Child:
    """Return the simulated Stripe."""
    command = [sys.executable, "-m", "simulator.stripe", *here.stripe_command()]
    return Child("The simulated Stripe", command, env, here.data / "log" / "stripe.log")


def web(here: Surroundings, env: Mapping[str, str]) -> Child:
    """Return the web process: one worker, and no access log, since it holds queries."""
    command = [
        *(sys.executable, "-m", "granian", "--interface", "asgi"),
        *("--host", HOST, "--port", str(here.port), "--workers", "1"),
        *("--http", "1", "--no-access-log", "--log-level", "warning"),
        # As many requests at a time; each open stream is one.
        *("--backpressure", "16384"),
        *("--workers-kill-timeout", "5", "tools.gate:application"),
    ]
    env = {**env, "KEYFOB_PREPARED": str(here.prepared)}
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


def receiver(here: Surroundings, env: Mapping[str, str]) -> Child:
    """Return what cars stream to, on the port that the settings name."""
    command = [sys.executable, "manage.py", "receive_telemetry"]
    return Child("The receiver", command, env, here.data / "log" / "receiver.log")


def deliverer(here: Surroundings, env: Mapping[str, str]) -> Child:
    """Return what sends webhooks."""
    command = [sys.executable, "manage.py", "deliver_webhooks"]
    return Child("The deliverer", command, env, here.data / "log" / "deliverer.log")


def preparation(here: Surroundings, env: Mapping[str, str]) -> Child:
    """Return what brings the data up to date and makes the application known."""
    command = [sys.executable, "-m", "tools.prepare", str(here.port)]
    return Child("The preparation", command, env, here.data / "log" / "prepare.log")


def run(here: Surroundings, supervisor: Supervisor) -> None:
    """Start everything in its order, say when it is ready, and keep it running."""
    began = time.monotonic()
    env = here.environment(os.environ)
    supervisor.start(redis(here, env), is_foundation=True)
    if here.simulator_port is not None:
        supervisor.start(simulator(here, env), is_foundation=True)
    if here.paddle_port is not None:
        supervisor.start(paddle(here, env), is_foundation=True)
    if here.stripe_port is not None:
        supervisor.start(stripe(here, env), is_foundation=True)
    here.prepared.unlink(missing_ok=True)
    preparing = preparation(here, env)
    preparing.start()
    try:
        words = _open(preparing, here, env, supervisor)
    except TooSlow as error:
        raise CannotRun("This takes too long; the logs may say why.") from error
    finally:
        preparing.stop()
    supervisor.check()
    _say_ready(here, words, time.monotonic() - began)
    supervisor.watch()


def _open(
    preparing: Child, here: Surroundings, env: Mapping[str, str], supervisor: Supervisor
) -> str:
    """Start the web process, then the others; return what was said to people."""
    serving = web(here, env)
    # What stops the preparation stops it too, and the preparation says it better.
    serving.required = False
    supervisor.start(serving)
    supervisor.wait(
        lambda: PREPARED in preparing.output or preparing.status is not None,
        _READY_WITHIN_S,
    )
    if PREPARED not in preparing.output:
        raise CannotRun(preparing.output.strip())
    here.prepared.touch()
    serving.required = True
    supervisor.wait(lambda: answers(here.port), _READY_WITHIN_S)
    # Only now, so that their start does not hold up the first page.
    for later in (worker, receiver, deliverer):
        supervisor.start(later(here, env))
    supervisor.wait(lambda: preparing.status is not None, _READY_WITHIN_S)
    return preparing.output.partition(PREPARED)[2]


def _say_ready(here: Surroundings, words: str, took_s: float) -> None:
    print(f"\nKeyfob is ready at {here.public_url}  ({took_s:.1f} s)")
    print(f"  {words.strip()}".replace("\n", "\n  "))
    if here.simulator_port is not None:
        print("  Or sign in with Tesla as Alice, Bob or Charlie: Tesla is simulated,")
        print(f"  at {here.simulator_url}/admin. To use the real one, see README.md.")
    if here.paddle_port is not None:
        print(f"  Subscriptions are sold by a simulated Paddle, at {here.paddle_url}.")
    if here.stripe_port is not None:
        print(f"  What is still paid through Stripe is at {here.stripe_url}.")
    print(f"  Cars stream to {here.telemetry_listen} over mutual TLS.")
    print(f"  Data and logs: {here.data}. Ctrl-C stops everything.")


def main() -> int:
    """Run the program; return its exit status."""
    supervisor = Supervisor()
    for name in _SIGNALS:
        signal.signal(name, lambda *_: supervisor.ask_to_stop())
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
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
