"""Webhooks: deliveries per core beside Celery's, delay, and what slow endpoints cost.

The deliverer is pinned to one core; load, Redis and the sink (nginx, TLS) to the other.
The anchor, in the same run, is one Celery task with a pooled httpx client for each
delivery. Events, which are rows, have a figure of their own, on PostgreSQL.

    python -m bench.webhooks [DELIVERIES]
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import redis

from bench import machine
from tests.servers import Servers

_CONFIG = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/b;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  server {{ {listens} ssl_certificate {folder}/c.pem;
    ssl_certificate_key {folder}/k.pem; location / {{ return 204; }} }}
}}
"""
_CELERY = 2000
_ROUNDS = 3
_SECONDS = 6
_LONGEST_S = 120
_ENDPOINTS = 16
_Env = Mapping[str, str]


def main(deliveries: int) -> None:
    """Measure each part and print a line for it; about two minutes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        sink = stack.enter_context(_nginx(folder))
        env = machine.console_environment(folder) | {
            "REDIS_URL": stack.enter_context(machine.redis(folder, core=1)),
            "WEBHOOKS_PRIVATE_NETWORKS": "127.0.0.0/8",
            "SINK": sink,
        }
        _python(env, "manage.py", "migrate", "-v0")
        _python(env, "-m", "bench.hooks", "seed", "data", str(_ENDPOINTS), sink)
        _data(env, folder, deliveries)
        _delays(env, folder, stack)
        _events(env, folder, sink, deliveries // 8)


def _data(env: _Env, folder: Path, deliveries: int) -> None:
    """Tell how many deliveries of data a core makes, beside Celery's, in turns."""
    ratios = []
    for _ in range(_ROUNDS):
        theirs = _celery(env, folder)
        ours, speed = _deliveries(env, folder, deliveries, "data")
        ratios.append(theirs / ours)
        _say(
            f"data: {1 / ours:.0f} deliveries per core second ({ours * 1e6:.0f} us each,"
            f" {speed:.0f}/s); Celery with httpx {1 / theirs:.0f} ({theirs * 1e6:.0f} us):"
            f" {ratios[-1]:.1f} x"
        )
    _say(f"data: {median(ratios):.1f} x Celery's deliveries per core (median)")


def _celery(env: _Env, folder: Path) -> float:
    """Return the processor time of one of Celery's deliveries, in seconds."""
    command = [
        *(sys.executable, "-m", "celery", "-A", "bench.posting", "worker"),
        *("--pool", "solo", "--loglevel", "error", "--without-gossip"),
        *("--without-mingle", "--without-heartbeat"),
    ]
    with (
        redis.Redis.from_url(env["REDIS_URL"]) as client,
        machine.running(command, core=0, env=env, log=folder / "celery.log") as worker,
    ):
        _python(env, "-m", "bench.posting", "100")
        _until(lambda: _is_idle(client))
        before = machine.cpu_seconds(worker.pid)
        _python(env, "-m", "bench.posting", str(_CELERY))
        _until(lambda: _is_idle(client))
        return (machine.cpu_seconds(worker.pid) - before) / _CELERY


def _is_idle(client: "redis.Redis") -> bool:
    return not client.llen("celery") and not client.hlen("unacked")


@contextmanager
def _deliverer(env: _Env, folder: Path) -> Iterator[int]:
    """Run the deliverer on its own core; give its process id."""
    command = [sys.executable, "manage.py", "deliver_webhooks"]
    log = folder / "deliverer.log"
    with (
        redis.Redis.from_url(env["REDIS_URL"]) as client,
        machine.running(command, core=0, env=env, log=log) as process,
    ):
        _until(lambda: bool(client.keys("keyfob:webhooks:alive:*")))
        time.sleep(1.5)
        yield process.pid


def _deliveries(env: _Env, folder: Path, count: int, kind: str) -> tuple[float, float]:
    """Return the processor time of one delivery in seconds, and deliveries a second."""
    with _deliverer(env, folder) as pid:
        _publish(env, 500, kind)
        before = machine.cpu_seconds(pid)
        took_s = _publish(env, count, kind)
        return (machine.cpu_seconds(pid) - before) / count, count / took_s


def _publish(env: _Env, count: int, kind: str) -> float:
    told = _python(env, "-m", "bench.hooks", "publish", "data", str(count), kind)
    seconds: float = json.loads(told)["seconds"]
    return seconds


def _delays(env: _Env, folder: Path, stack: ExitStack) -> None:
    """Tell the delay at 50 messages a second, and what it costs that others are slow.

    In turns beside 64 endpoints that answer at once and as many that take 10 s, which
    are told the same.
    """
    for name, delay_s, count in (("well", 0, 1), ("quick", 0, 64), ("slow", 10, 64)):
        _receiver(name, delay_s, count, env, folder, stack)
    quick, slow = [], []
    for _ in range(_ROUNDS):
        quick += _delay(env, folder, "quick")
        slow += _delay(env, folder, "slow")
    usual, late = _share(quick, 0.95), _share(slow, 0.95)
    _say(
        f"delay at 50 a second beside 64 endpoints that answer at once: p50"
        f" {_share(quick, 0.5):.1f} ms, p95 {usual:.1f} ms; beside 64 that take 10 s: p50"
        f" {_share(slow, 0.5):.1f} ms, p95 {late:.1f} ms ({(late / usual - 1) * 100:+.0f} %)"
    )


def _share(found: list[float], share: float) -> float:
    return sorted(found)[int(len(found) * share)]


def _receiver(  # noqa: PLR0913, PLR0917  # a receiver and its endpoints
    name: str, delay_s: int, count: int, env: _Env, folder: Path, stack: ExitStack
) -> None:
    """Run a receiver until the end, and make accounts that are told there."""
    port, notes = machine.free_port(), folder / f"{name}.txt"
    sink = [sys.executable, "-m", "bench.sink", str(port), str(delay_s), str(notes)]
    log = folder / f"{name}.log"
    stack.enter_context(machine.running(sink, core=1, env=env, log=log))
    url = f"http://127.0.0.1:{port}/"
    _python(env, "-m", "bench.hooks", "seed", name, str(count), url)


def _delay(env: _Env, folder: Path, beside: str) -> list[float]:
    """Return the times from an event's birth to its arrival, in milliseconds."""
    notes = folder / "well.txt"
    notes.write_text("")
    with _deliverer(env, folder):
        _python(env, "-m", "bench.hooks", "rate", "well", beside, str(_SECONDS))
        time.sleep(0.5)
    return [float(line) for line in notes.read_text().split()]


def _events(env: _Env, folder: Path, sink: str, count: int) -> None:
    """Tell how fast events are, which are rows, on PostgreSQL."""
    servers = Servers(folder)
    servers.start_postgresql()
    try:
        url = f"postgresql://keyfob@/keyfob?host={folder}/postgresql"
        there = {**env, "DATABASE_URL": url}
        with redis.Redis.from_url(env["REDIS_URL"]) as client:
            client.flushall()
        _python(there, "manage.py", "migrate", "-v0")
        _python(there, "-m", "bench.hooks", "seed", "data", str(_ENDPOINTS), sink)
        each, speed = _deliveries(there, folder, count, "state")
    finally:
        servers.stop()
    _say(
        f"events on PostgreSQL: {1 / each:.0f} deliveries per core second"
        f" ({each * 1e6:.0f} us each), {speed:.0f}/s to 16 endpoints in their order"
    )


@contextmanager
def _nginx(folder: Path) -> Iterator[str]:
    """Run a sink that accepts everything over TLS; give its address.

    It has as many hosts as there are endpoints, as endpoints have hosts of their own.
    """
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"),
            *("-keyout", str(folder / "k.pem"), "-out", str(folder / "c.pem")),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    port = machine.free_port()
    config = folder / "nginx.conf"
    hosts = range(1, _ENDPOINTS + 1)
    listens = "".join(f"listen 127.0.0.{host}:{port} ssl; " for host in hosts)
    config.write_text(_CONFIG.format(folder=folder, listens=listens))
    command = ["nginx", "-c", str(config)]
    with machine.running(command, core=1, env=os.environ, log=folder / "nginx.out"):
        time.sleep(0.5)
        yield f"https://127.0.0.1:{port}/hook"


def _python(env: _Env, *arguments: str) -> str:
    """Run Python on the load's core; return what it prints."""
    done = subprocess.run(
        ["taskset", "-c", "1", sys.executable, *arguments],
        env=dict(env),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=_LONGEST_S,
    )
    return done.stdout


def _until(is_so: Callable[[], bool], seconds: float = _LONGEST_S) -> None:
    end_at = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end_at:
            raise TimeoutError("this takes too long")
        time.sleep(0.05)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # So that what was started is ended, too, when somebody ends this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 16_000)
