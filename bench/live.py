"""From the car to the browser: how long a value takes, with 100 cars and 100 listeners.

Web process and receiver are pinned to one core; Redis, cars and listeners to the other.
A value is born when its car makes the record, and has arrived when its listener has
read the line. Targets: p50 under 100 ms, p99 under 500 ms.

    python -m bench.live [CARS] [SECONDS]
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import machine
from bench.live_load import HOSTNAME
from simulator.streaming.certificates import Authority
from telemetry import issuing

_SERVERS, _LOAD = 0, 1
_WARM_S = 4.0


def main(cars: int = 100, seconds: float = 20) -> None:
    """Measure, and print one line."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        web, door = machine.free_port(), machine.free_port()
        env = machine.console_environment(folder) | {
            "PUBLIC_URL": f"http://127.0.0.1:{web}",
            "REDIS_URL": stack.enter_context(machine.redis(folder, core=_LOAD)),
            "STREAMS_PER_ACCOUNT": "1000",
            **_certificates(folder, door),
        }
        _python(env, "manage.py", "migrate", "-v0")
        seeded = json.loads(_python(env, "-m", "bench.seed", str(cars), "0"))
        token = seeded["access_token"]
        _serve(stack, env, folder, web, token)
        load = [sys.executable, "-m", "bench.live_load"]
        drive = [*load, "cars", str(folder), str(door), str(cars)]
        log = folder / "cars.log"
        stack.enter_context(machine.running(drive, core=_LOAD, env=env, log=log))
        time.sleep(_WARM_S)
        listen = ["-m", "bench.live_load", "listeners", str(web), token, str(cars)]
        found = sorted(json.loads(_python(env, *listen, str(seconds))))
    if not found:
        raise RuntimeError("no value arrived")
    p50, p99 = (found[int(len(found) * share)] for share in (0.5, 0.99))
    sys.stdout.write(
        f"car to listener, {cars} cars and {cars} listeners: p50 {p50:.1f} ms,"
        f" p99 {p99:.1f} ms, longest {found[-1]:.1f} ms"
        f" ({len(found) / seconds:.0f} events a second)\n"
    )


def _certificates(folder: Path, door: int) -> dict[str, str]:
    """Write what receiver and cars show each other; return the receiver's settings."""
    now, life = datetime.now(UTC), timedelta(days=60)
    authority = issuing.authority("Authority of a benchmark", now, life)
    leaf = issuing.server(authority, HOSTNAME, now, life)
    Authority.kept(folder, folder / "cars.pem")
    for name, text in (
        ("ca.pem", authority.certificate_pem),
        ("leaf.pem", leaf.certificate_pem),
        ("leaf.key", leaf.private_pem),
    ):
        (folder / name).write_text(text)
    return {
        "TELEMETRY_HOSTNAME": HOSTNAME,
        "TELEMETRY_LISTEN": f"127.0.0.1:{door}",
        "TELEMETRY_CA_FILE": str(folder / "ca.pem"),
        "TELEMETRY_CERTIFICATE_FILE": str(folder / "leaf.pem"),
        "TELEMETRY_CERTIFICATE_KEY_FILE": str(folder / "leaf.key"),
        "TELEMETRY_CLIENT_CA_FILE": str(folder / "cars.pem"),
    }


def _serve(
    stack: ExitStack, env: Mapping[str, str], folder: Path, port: int, token: str
) -> None:
    web = [
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--http", "1"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--no-access-log", "--log-level", "warning", "console.asgi:application"),
    ]
    receiver = [sys.executable, "manage.py", "receive_telemetry"]
    for name, command in (("web", web), ("receiver", receiver)):
        log = folder / f"{name}.log"
        stack.enter_context(machine.running(command, core=_SERVERS, env=env, log=log))
    headers = {"Authorization": f"Bearer {token}"}
    machine.wait_for(f"http://127.0.0.1:{port}/api/test", headers=headers)


def _python(env: Mapping[str, str], *arguments: str) -> str:
    """Run Python on the load's core; return what it prints."""
    done = subprocess.run(
        ["taskset", "-c", str(_LOAD), sys.executable, *arguments],
        env=dict(env),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((int, float), sys.argv[1:], strict=False)))
