"""Start, pin, measure and stop the processes of a benchmark."""

import base64
import os
import secrets
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """Return a port of the loopback address that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], *, core: int, env: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command pinned to one core; end it and its children afterwards."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            env=dict(env),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait(5)


@contextmanager
def redis(folder: Path, *, core: int) -> Iterator[str]:
    """Run a Redis of its own in a folder; give its address.

    Its process writes its id to `redis.pid` in the folder.
    """
    socket_path = folder / "redis.sock"
    command = [
        *("redis-server", "--port", "0", "--unixsocket", str(socket_path)),
        *("--save", "", "--dir", str(folder), "--pidfile", str(folder / "redis.pid")),
    ]
    with running(
        command,
        core=core,
        env=os.environ,
        log=folder / "redis.out",
    ):
        yield f"unix://{socket_path}"


def console_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a console with an empty database in a folder."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return os.environ | {
        "DATA": str(folder),
        "SECRET_KEY": secrets.token_hex(40),
        "ENCRYPTION_KEYS": f"1:{key}",
        "DATABASE_URL": f"sqlite:///{folder}/bench.sqlite3",
        "TESLA_CLIENT_ID": "bench",
        "TESLA_CLIENT_SECRET": secrets.token_hex(20),
        "LOG_LEVEL": "warning",
    }


def wait_for(url: str, *, seconds: float = 30, headers: Mapping[str, str]) -> None:
    """Wait until an address answers 200. Raises TimeoutError with the last error."""
    deadline = time.monotonic() + seconds
    problem = ""
    while time.monotonic() < deadline:
        request = urllib.request.Request(url, headers=dict(headers))
        try:
            with urllib.request.urlopen(request, timeout=5) as response:
                if response.status == 200:
                    return
        except OSError as error:
            problem = str(error)
        time.sleep(0.2)
    raise TimeoutError(f"{url} does not answer 200: {problem}")


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and all below it, in seconds.

    All threads count, and what each of them started.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    total = (int(fields[11]) + int(fields[12])) / _TICKS
    for thread in Path(f"/proc/{pid}/task").iterdir():
        children = (thread / "children").read_text().split()
        total += sum(cpu_seconds(int(child)) for child in children)
    return total
