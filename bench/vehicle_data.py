"""Compare the gateway's pass-through read with nginx's, by processor time.

Both answer an authenticated `GET /api/1/vehicles/{vin}/vehicle_data` by asking the
same TLS upstream over kept-alive connections, in turns within one run, each pinned to
one core; load and upstream have the other. The anchor is Debian's nginx with a map of
1000 access tokens. Needs nginx, wrk, redis-server, openssl and taskset.

Each call is one that Keyfob must pass on: it asks for a live reading, and for another
car or other groups than those in flight beside it. Limits, stop and meter are on, so
high that nothing is refused.

    python -m bench.vehicle_data [CONNECTIONS] [SECONDS] [ROUNDS] [UPSTREAM_MS]

With `UPSTREAM_MS` the upstream thinks for so long before it answers, and what matters is
the requests a second.
"""

import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from bench import machine

_UNDER_TEST, _OTHERS = 0, 1
_VIN = "5YJ3E1EA7NF000000"
_PATH = f"/api/1/vehicles/{_VIN}/vehicle_data"
_CARS = 10
_GROUPS = (
    *("charge_state", "climate_state", "closures_state"),
    *("gui_settings", "vehicle_config", "vehicle_state"),
)
_WRK = """
local paths, number = {{ {paths} }}, 0
request = function()
  number = number % #paths + 1
  return wrk.format("GET", paths[number])
end
"""
_BODY_BYTES = 12_000
_NGINX = """
daemon off; worker_processes 1; pid {folder}/{name}.pid;
error_log {folder}/{name}.log warn;
events {{ worker_connections 2048; }}
http {{
  access_log off; keepalive_requests 1000000; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {content}
}}
"""
_UPSTREAM = """
server {{
  listen 127.0.0.1:{port} ssl;
  keepalive_requests 1000000;
  ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
  root {folder}; default_type application/json;
  location / {{ try_files /vehicle_data.json =404; }}
}}
"""
_FRONT = """
map_hash_max_size 8192; map_hash_bucket_size 256;
map $http_authorization $tesla {{ default ""; {tokens} }}
upstream tesla {{ server 127.0.0.1:{upstream}; keepalive 128; }}
server {{
  listen 127.0.0.1:{port};
  location / {{
    if ($tesla = "") {{ return 401; }}
    proxy_pass https://tesla; proxy_http_version 1.1;
    proxy_set_header Connection ""; proxy_set_header Authorization $tesla;
    proxy_set_header Host localhost; proxy_ssl_session_reuse on;
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class _Load:
    """What wrk is to do."""

    script: Path
    authorization: str
    connections: int
    seconds: int


def main(
    connections: int = 32, seconds: int = 4, rounds: int = 5, upstream_ms: int = 0
) -> None:
    """Run the comparison and print a line for each side and the ratio."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        # nginx, started by root, reads as another user.
        folder.chmod(0o755)
        _certificate(folder)
        (folder / "vehicle_data.json").write_text(_body())
        load = folder / "load.lua"
        load.write_text(_WRK.format(paths=",".join(f'"{path}"' for path in _paths())))
        upstream = (
            _slow(stack, folder, upstream_ms)
            if upstream_ms
            else _nginx(stack, folder, "upstream", _OTHERS, _UPSTREAM)[1]
        )
        redis_url = stack.enter_context(machine.redis(folder, core=_OTHERS))
        env = _console_environment(folder, upstream, redis_url)
        access_token = _database(env)
        header = {"Authorization": f"Bearer {access_token}"}
        sides = {
            "nginx": _front(stack, folder, upstream, access_token),
            "keyfob": _console(stack, folder, env),
        }
        for _, port in sides.values():
            machine.wait_for(f"http://127.0.0.1:{port}{_PATH}", headers=header)
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
        for _ in range(rounds):
            for name, (pid, port) in sides.items():
                load_ = _Load(load, header["Authorization"], connections, seconds)
                figures[name].append(_measure(pid, port, load_))
        _report(figures, connections)


def _report(figures: Mapping[str, list[tuple[float, float]]], connections: int) -> None:
    medians, rates = {}, {}
    for name, rows in figures.items():
        cpu = sorted(microseconds for microseconds, _ in rows)
        medians[name] = statistics.median(cpu)
        rates[name] = statistics.median(per_second for _, per_second in rows)
        sys.stdout.write(
            f"{name:7} {medians[name]:7.1f} µs of one core a request"
            f" ({cpu[0]:.1f} to {cpu[-1]:.1f}), {rates[name]:.0f} requests a second\n"
        )
    sys.stdout.write(
        f"ratio   {medians['keyfob'] / medians['nginx']:.2f} x nginx by processor,"
        f" {rates['keyfob'] / rates['nginx']:.2f} x by requests a second,"
        f" {connections} connections, {len(figures['nginx'])} rounds\n"
    )


def _paths() -> list[str]:
    """Return addresses of live readings, no two of which are the same question."""
    return [
        f"/api/1/vehicles/{_VIN[:-3]}{car:03d}/vehicle_data?use_cache=false"
        f"&endpoints={'%3B'.join(groups)}"
        for size in range(1, len(_GROUPS) + 1)
        for groups in combinations(_GROUPS, size)
        for car in range(_CARS)
    ]


def _measure(pid: int, port: int, load: _Load) -> tuple[float, float]:
    """Return processor time a request in microseconds, and requests a second."""
    before = machine.cpu_seconds(pid)
    wrk = f"wrk -t1 -c{load.connections} -d{load.seconds}s"
    output = subprocess.run(
        [
            *f"taskset -c {_OTHERS} {wrk} -s {load.script}".split(),
            *("-H", f"Authorization: {load.authorization}"),
            f"http://127.0.0.1:{port}",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    used = machine.cpu_seconds(pid) - before
    if "Non-2xx" in output:
        raise RuntimeError(f"some answers were refusals:\n{output}")
    found = re.search(r"(\d+) requests in ([\d.]+)s", output)
    if found is None:
        raise RuntimeError(f"wrk said something new:\n{output}")
    count = int(found[1])
    return used / count * 1e6, count / float(found[2])


def _certificate(folder: Path) -> None:
    """Make an authority, and a certificate of its own for the upstream."""
    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    for command in (
        f"req -x509 {key} -subj /CN=authority -keyout ca.key -out ca.pem",
        (
            f"req -x509 {key} -subj /CN=localhost -keyout key.pem -out cert.pem"
            " -CA ca.pem -CAkey ca.key -addext basicConstraints=critical,CA:FALSE"
            " -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
        ),
    ):
        subprocess.run(
            ["openssl", *command.split()], cwd=folder, check=True, capture_output=True
        )


def _body() -> str:
    values = {f"value_{number:03}": number * 1.5 for number in range(500)}
    content = {"response": {"vin": _VIN, "state": "online", "charge_state": values}}
    text = json.dumps(content)
    return text[:-1] + " " * max(0, _BODY_BYTES - len(text)) + text[-1]


def _nginx(
    stack: ExitStack, folder: Path, name: str, core: int, content: str, **values: object
) -> tuple[int, int]:
    port = machine.free_port()
    filled = content.format(folder=folder, port=port, **values)
    path = folder / f"{name}.conf"
    path.write_text(_NGINX.format(folder=folder, name=name, content=filled))
    process = stack.enter_context(
        machine.running(
            ["nginx", "-c", str(path), "-p", str(folder)],
            core=core,
            env=os.environ,
            log=folder / f"{name}.out",
        )
    )
    return process.pid, port


def _slow(stack: ExitStack, folder: Path, delay_ms: int) -> int:
    port = machine.free_port()
    stack.enter_context(
        machine.running(
            [sys.executable, "-m", "bench.slow", str(folder), str(port), str(delay_ms)],
            core=_OTHERS,
            env=os.environ,
            log=folder / "slow.out",
        )
    )
    return port


def _front(
    stack: ExitStack, folder: Path, upstream: int, access_token: str
) -> tuple[int, int]:
    others = (secrets.token_hex(20) for _ in range(999))
    tokens = "".join(f'"Bearer {text}" "Bearer t";' for text in (access_token, *others))
    return _nginx(
        stack, folder, "front", _UNDER_TEST, _FRONT, tokens=tokens, upstream=upstream
    )


def _console(stack: ExitStack, folder: Path, env: Mapping[str, str]) -> tuple[int, int]:
    port = machine.free_port()
    process = stack.enter_context(
        machine.running(
            (
                f"{sys.executable} -m granian --interface asgi --http 1 --workers 1 --no-ws"
                f" --host 127.0.0.1 --port {port} console.asgi:application"
            ).split(),
            core=_UNDER_TEST,
            env=env,
            log=folder / "console.out",
        )
    )
    return process.pid, port


def _console_environment(folder: Path, upstream: int, redis_url: str) -> dict[str, str]:
    return machine.console_environment(folder) | {
        "TESLA_FLEET_URL_NA": f"https://localhost:{upstream}",
        "SSL_CERT_FILE": str(folder / "ca.pem"),
        "REDIS_URL": redis_url,
        "API_CALLS_PER_MINUTE": "10000000",
        "TESLA_DATA_PER_MINUTE": "10000000",
        "MONTHLY_STOP_USD": "1000000000",
    }


def _database(env: Mapping[str, str]) -> str:
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], check=True, env=env)
    seeded = subprocess.run(
        [sys.executable, "-m", "bench.seed", str(_CARS), "3"],
        check=True,
        env=env,
        capture_output=True,
        text=True,
    ).stdout
    access_token: str = json.loads(seeded)["access_token"]
    return access_token


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
