"""Measure the receiver against a C server that takes the same records.

    python -m bench.receiver [SECONDS] [ROUNDS]

Records of 400 bytes over mTLS: read, brought to Redis, acknowledged after Redis has them.
The anchor is `receiver_anchor.c`, compiled here, which does no more than it must. One core
for the server, the other for cars and Redis; the figure is processor time for each frame
of the server's process with its threads and children, and beside it that of Redis.
Then 2000 cars that send one frame a second. With the defaults it takes about a minute.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench import machine, receiver_cars
from fleet.records import envelope

_SERVER_CORE, _LOAD_CORE = 0, 1
_CARS = 50
_AHEAD = 20
_MANY_CARS = 2000
_LEAST_RATIO = 0.25
_MOST_CORE = 0.25


class _Found(NamedTuple):
    """What a load found."""

    frames: int
    lasted_s: float
    server_s: float
    redis_s: float

    @property
    def rate(self) -> float:
        """Return the frames acknowledged in a second."""
        return self.frames / self.lasted_s

    @property
    def core(self) -> float:
        """Return the share of a core that the server used."""
        return self.server_s / self.lasted_s

    @property
    def server_us(self) -> float:
        """Return the server's processor time for a frame."""
        return 1e6 * self.server_s / self.frames

    @property
    def redis_us(self) -> float:
        """Return Redis's processor time for a frame."""
        return 1e6 * self.redis_s / self.frames


def main() -> None:
    """Measure, print, and fail where a target is missed."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    folder = Path(tempfile.mkdtemp(prefix="keyfob-bench-"))
    try:
        receiver_cars.write_certificates(folder, _MANY_CARS)
        anchor = _compile(folder)
        with machine.redis(folder, core=_LOAD_CORE) as redis_url:
            _until(folder / "redis.sock")
            ratio = _saturated(folder, anchor, redis_url, seconds, rounds)
            core = _many(folder, anchor, redis_url, seconds)
    finally:
        shutil.rmtree(folder)
    if ratio < _LEAST_RATIO or core > _MOST_CORE:
        raise SystemExit("The receiver misses a target.")


def _saturated(
    folder: Path, anchor: Path, redis_url: str, seconds: float, rounds: int
) -> float:
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(_anchor(folder, anchor, seconds))
        with _receiver(folder, redis_url, _CARS) as (process, port):
            ours.append(_load(folder, port, process.pid, _CARS, _AHEAD, seconds))
    anchor_us = median(one.server_us for one in theirs)
    ours_us = median(one.server_us for one in ours)
    ratio = anchor_us / ours_us
    _say(f"C server   {anchor_us:7.1f} µs a frame")
    _say(f"receiver   {ours_us:7.1f} µs a frame: {ratio:.2f} x its frames a core")
    redis_us = [median(one.redis_us for one in these) for these in (theirs, ours)]
    _say(f"Redis      {redis_us[0]:7.1f} µs for C, {redis_us[1]:.1f} µs for ours")
    _say(f"rate       {median(one.rate for one in ours):7.0f} frames a second")
    return ratio


def _many(folder: Path, anchor: Path, redis_url: str, seconds: float) -> float:
    theirs = _anchor(folder, anchor, 2 * seconds, cars=_MANY_CARS, ahead=0)
    with _receiver(folder, redis_url, _MANY_CARS) as (process, port):
        ours = _load(folder, port, process.pid, _MANY_CARS, 0, 2 * seconds)
    _say(
        f"{_MANY_CARS} cars    {ours.core:7.3f} of a core at {ours.rate:.0f} frames a "
        f"second, Redis {ours.redis_s / ours.lasted_s:.3f}; C server {theirs.core:.3f}"
    )
    return ours.core


def _anchor(
    folder: Path,
    anchor: Path,
    seconds: float,
    *,
    cars: int = _CARS,
    ahead: int = _AHEAD,
) -> _Found:
    port = machine.free_port()
    command = [
        *(str(anchor), str(port), str(folder / "redis.sock")),
        *(str(folder / name) for name in ("leaf.pem", "leaf.key", "tesla.pem")),
        *(str(folder / "ack"), (folder / "ack.offset").read_text()),
    ]
    with machine.running(
        command, core=_SERVER_CORE, env=os.environ, log=folder / "anchor.out"
    ) as process:
        _until_listening(port)
        return _load(folder, port, process.pid, cars, ahead, seconds)


@contextmanager
def _receiver(
    folder: Path, redis_url: str, cars: int
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = machine.free_port()
    environment = machine.console_environment(folder) | {
        "REDIS_URL": redis_url,
        "DJANGO_SETTINGS_MODULE": "console.settings",
    }
    command = [sys.executable, "-m", "bench.receiver_server", str(folder), str(port)]
    with machine.running(
        [*command, str(cars), redis_url],
        core=_SERVER_CORE,
        env=environment,
        log=folder / "receiver.out",
    ) as process:
        _until_listening(port)
        yield process, port


def _load(  # noqa: PLR0913, PLR0917 - each is a detail of the load
    folder: Path, port: int, pid: int, cars: int, ahead: int, seconds: float
) -> _Found:
    """Run cars; return frames acknowledged, and processor seconds by whom."""
    command: Sequence[str] = [
        *("taskset", "-c", str(_LOAD_CORE), sys.executable, "-m"),
        *("bench.receiver_cars", str(folder), str(port), str(cars)),
        *(str(ahead), str(seconds)),
    ]
    redis_pid = int((folder / "redis.pid").read_text())
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        if not load.stdout or not load.stdout.readline().startswith("connected"):
            raise SystemExit("The cars could not connect.")
        begun_s = time.monotonic()
        before_s = [machine.cpu_seconds(one) for one in (pid, redis_pid)]
        _, answers, closed = load.stdout.readline().split()
        lasted_s = time.monotonic() - begun_s
        server_s, redis_s = (
            machine.cpu_seconds(one) - before
            for one, before in zip((pid, redis_pid), before_s, strict=True)
        )
    if int(closed):
        raise SystemExit(f"{closed} cars were cut off.")
    return _Found(int(answers), lasted_s, server_s, redis_s)


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def _compile(folder: Path) -> Path:
    source = Path(__file__).with_name("receiver_anchor.c")
    program = folder / "anchor"
    subprocess.run(
        ["gcc", "-O2", "-o", str(program), str(source), "-lssl", "-lcrypto"], check=True
    )
    mark = b"\xfe" * 32
    frame = envelope.acknowledgment(mark, b"V")
    (folder / "ack").write_bytes(frame)
    (folder / "ack.offset").write_text(str(frame.index(mark)))
    return program


def _until(path: Path) -> None:
    while not path.exists():
        time.sleep(0.05)


def _until_listening(port: int) -> None:
    """Look into the kernel's table, so that nobody is disturbed by a connection."""
    for _ in range(600):
        rows = map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
        if any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows):
            return
        time.sleep(0.05)
    raise SystemExit("The server did not start.")


if __name__ == "__main__":
    main()
