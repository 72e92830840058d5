"""Compare live streams with nginx's nchan, by processor time for each delivery.

1000 connections over 10 accounts, events of 400 bytes. Each server is pinned to one
core; listeners, Redis and whoever tells have the other: where they are the limit, or the
machine has other work, the server is not busy all the time, which is said. Each server is offered more than
it can deliver, then 300,000 deliveries a second, then ten events a second. Needs
nginx with nchan, gcc, redis-server and taskset.

    python -m bench.sse [SECONDS] [CONNECTIONS] [ACCOUNTS]
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import machine

_UNDER_TEST, _OTHERS = 0, 1
_OFFERED = {"saturated": 600_000, "at 300,000/s": 300_000, "idle": 0}
_IDLE_EVENTS = 10
_FIRST = "saturated"
_BUSY = 0.9
_NCHAN = """
load_module {module}; daemon off; worker_processes 1; pid {folder}/nchan.pid;
error_log {folder}/nchan.log warn;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 100000000; tcp_nodelay on;
  nchan_shared_memory_size 256M; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} backlog=4096; client_body_buffer_size 16k;
    location ~ /pub/(\\d+)$ {{ nchan_publisher; nchan_channel_id $1;
      nchan_message_buffer_length 20; nchan_message_timeout 5s; }}
    location ~ /sub/(\\d+)$ {{ nchan_subscriber eventsource; nchan_channel_id $1;
      nchan_subscriber_first_message newest; }}
  }}
}}
"""
_MODULES = ("/usr/lib/nginx/modules", "/usr/share/nginx/modules")


@dataclass(frozen=True, slots=True)
class _Side:
    """One server: where it listens, who listens to it, and who tells it events."""

    pid: int
    port: int
    listeners: Path
    teller: Sequence[str]
    whom: Sequence[str]


def main(seconds: float = 5, connections: int = 1000, accounts: int = 10) -> None:
    """Run the comparison and print a line for each figure."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        program = folder / "listeners"
        source = Path(__file__).with_name("listeners.c")
        subprocess.run(["gcc", "-O2", "-o", program, source], check=True)
        sides = {
            "nchan": _nchan(stack, folder, connections, accounts),
            "keyfob": _keyfob(stack, folder, connections, accounts),
        }
        each = connections / accounts
        costs: dict[str, dict[str, float]] = {}
        for load, deliveries in _OFFERED.items():
            for name, side in sides.items():
                per_second = deliveries / each or _IDLE_EVENTS
                found = _measure(program, side, per_second, seconds)
                _say(f"{name:7} {load:13} {found['words']}")
                if load == _FIRST:
                    _say(f"{name:7} {'a listener':13} {found['opening']}")
                if load == _FIRST and float(found["busy"]) < _BUSY:
                    _say(f"{name:7} was not busy all the time: its figure is no limit")
                costs.setdefault(load, {})[name] = float(found["cost"])
        for load, cost in costs.items():
            ratio = cost["nchan"] / cost["keyfob"]
            _say(f"ratio   {load:13} {ratio:.2f} x nchan's deliveries a CPU second")


def _measure(
    program: Path, side: _Side, per_second: float, seconds: float
) -> Mapping[str, str | float]:
    """Open the streams, tell events, and return what was delivered at what cost."""
    cpu, memory = machine.cpu_seconds(side.pid), _resident_kb(side.pid)
    with _listening(program, side, seconds) as listeners:
        opened = int(_line(listeners).split()[1])
        opening_us = (machine.cpu_seconds(side.pid) - cpu) / opened * 1e6
        opening_kb = (_resident_kb(side.pid) - memory) / opened
        command = [*side.teller, str(per_second), *side.whom]
        log = program.with_name("teller.out")
        with machine.running(command, core=_OTHERS, env=os.environ, log=log):
            _start(listeners)
            _line(listeners)
            cpu = machine.cpu_seconds(side.pid)
            facts = json.loads(_line(listeners))
            used = machine.cpu_seconds(side.pid) - cpu
    cost = used / max(1, facts["events"]) * 1e6
    return {
        "cost": cost,
        "busy": used / seconds,
        # Later ones find the memory of the first.
        "opening": f"{opening_kb:.1f} KB, {opening_us:.0f} µs",
        "words": (
            f"{cost:6.2f} µs a delivery, {facts['events'] / seconds:8.0f} a second,"
            f" {used / seconds:4.0%} of a core; p50 {facts['p50']:.1f} ms,"
            f" p99 {facts['p99']:.1f} ms; {facts['closed']} closed"
        ),
    }


@contextmanager
def _listening(
    program: Path, side: _Side, seconds: float
) -> Iterator[subprocess.Popen[str]]:
    command = f"taskset -c {_OTHERS} {program} {side.port} {side.listeners} 1 {seconds}"
    with subprocess.Popen(
        command.split(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _start(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        process.stdin.write("\n")
        process.stdin.flush()


def _line(process: subprocess.Popen[str]) -> str:
    text = process.stdout.readline() if process.stdout is not None else ""
    if not text:
        raise RuntimeError(f"the listeners ended: {process.wait()}")
    return text


def _resident_kb(pid: int) -> float:
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1024
    return own + sum(_resident_kb(int(child)) for child in children)


def _nchan(stack: ExitStack, folder: Path, connections: int, accounts: int) -> _Side:
    port = machine.free_port()
    found = [Path(one) / "ngx_nchan_module.so" for one in _MODULES]
    module = next(path for path in found if path.exists())
    config = folder / "nchan.conf"
    config.write_text(_NCHAN.format(folder=folder, port=port, module=module))
    process = stack.enter_context(
        machine.running(
            ["nginx", "-c", str(config), "-p", str(folder)],
            core=_UNDER_TEST,
            env=os.environ,
            log=folder / "nchan.out",
        )
    )
    names = [str(number) for number in range(accounts)]
    lines = [f"/sub/{number % accounts} none" for number in range(connections)]
    path = folder / "nchan.lines"
    path.write_text("\n".join(lines))
    teller = [sys.executable, "-m", "bench.teller", "nchan", str(port)]
    return _Side(process.pid, port, path, teller, names)


def _keyfob(stack: ExitStack, folder: Path, connections: int, accounts: int) -> _Side:
    redis_url = stack.enter_context(machine.redis(folder, core=_OTHERS))
    env = machine.console_environment(folder) | {
        "REDIS_URL": redis_url,
        "STREAMS_PER_ACCOUNT": str(connections),
    }
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, env=env)
    made = subprocess.run(
        [sys.executable, "-m", "bench.accounts", str(accounts)],
        check=True,
        env=env,
        capture_output=True,
        text=True,
    ).stdout
    people = [json.loads(line) for line in made.splitlines()]
    port = machine.free_port()
    process = stack.enter_context(
        machine.running(
            (
                f"{sys.executable} -m granian --interface asgi --http 1 --workers 1 --no-ws"
                f" --host 127.0.0.1 --port {port} --backlog 4096 --backpressure 4096"
                " --workers-kill-timeout 5 console.asgi:application"
            ).split(),
            core=_UNDER_TEST,
            env=env,
            log=folder / "console.out",
        )
    )
    machine.wait_for(
        f"http://127.0.0.1:{port}/api/ping",
        headers={"Authorization": f"Bearer {people[0]['access_token']}"},
    )
    tokens = [one["access_token"] for one in people]
    lines = [f"/sse?cache=true {tokens[n % accounts]}" for n in range(connections)]
    path = folder / "keyfob.lines"
    path.write_text("\n".join(lines))
    teller = [sys.executable, "-m", "bench.teller", "redis", redis_url]
    whom = [f"{one['account']},{one['vin']}" for one in people]
    return _Side(process.pid, port, path, teller, whom)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
