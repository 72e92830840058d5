"""Give every test run its own PostgreSQL, Redis and environment.

A pytest plugin, loaded by `-p tests.environment` before Django reads its settings. The
process that starts first (with pytest-xdist: the controller) owns the servers; worker
processes find the folder in their environment and only choose their own databases.
`KEYFOB_TEST_DATABASE=sqlite` runs the same tests on SQLite.
"""

import atexit
import base64
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, MutableMapping
from pathlib import Path

import pytest

from tests.servers import Servers

FOLDER = "KEYFOB_TEST_FOLDER"
NOBODY_LISTENS = "http://127.0.0.1:9"
_STRANGE = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "EMAIL_URL", "PORT", "SIGNUP_OPEN")

_servers: list[Servers] = []


def redis_url(folder: Path, number: int) -> str:
    """Return the address of one numbered database of the run's Redis."""
    return f"unix://{folder}/redis.sock?db={number}"


def process_number() -> int:
    """Return which of the test processes this one is: 0 when there is only one."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _set_environment(environment: MutableMapping[str, str], folder: Path) -> None:
    """Set all that `console.settings` needs; Tesla is where nobody listens."""
    data = folder / f"data-{process_number()}"
    (data / "static").mkdir(parents=True, exist_ok=True)
    url = f"postgresql://keyfob@/keyfob?host={folder}/postgresql"
    if environment.get("KEYFOB_TEST_DATABASE") == "sqlite":
        url = f"sqlite:///{data}/keyfob.sqlite3"
    for name in [*environment]:
        if (
            name in _STRANGE
            or name.startswith(
                ("TESLA_", "PADDLE_", "STRIPE_", "BILLING_", "TELEMETRY_")
            )
            or name.endswith("_FILE")
        ):
            del environment[name]
    environment.update(
        {
            "DATA": str(data),
            "PUBLIC_URL": "http://localhost:8000",
            "SECRET_KEY": "a key for tests that protects nothing at all, ever, 0123",
            "ENCRYPTION_KEYS": f"t1:{base64.b64encode(bytes(range(32))).decode()}",
            "DATABASE_URL": url,
            "REDIS_URL": redis_url(folder, 2 * process_number()),
            "SIMULATED_TESLA": "false",
            "TESLA_CLIENT_ID": "keyfob-test",
            "TESLA_CLIENT_SECRET": "a secret of tests",
            "TESLA_DOMAIN": "keyfob.example.com",
            "TESLA_REGIONS": "na eu cn",
            "TESLA_AUTHORIZE_URL": f"{NOBODY_LISTENS}/auth/oauth2/v3/authorize",
            "TESLA_TOKEN_URL": f"{NOBODY_LISTENS}/auth/oauth2/v3/token",
            "TESLA_FLEET_URL_NA": f"{NOBODY_LISTENS}/na",
            "TESLA_FLEET_URL_EU": f"{NOBODY_LISTENS}/eu",
            "TESLA_FLEET_URL_CN": f"{NOBODY_LISTENS}/cn",
            # Tests of limits set their own; others call as often as they like.
            "API_CALLS_PER_MINUTE": "1000000",
            "TESLA_DATA_PER_MINUTE": "1000000",
            "TESLA_COMMANDS_PER_MINUTE": "1000000",
            "TESLA_WAKES_PER_MINUTE": "1000000",
            # Nobody waits for a worker that does not run; tests of waiting set it.
            "TELEMETRY_ANSWER_WITHIN_S": "0",
            "LOG_LEVEL": "warning",
            "TIME_ZONE": "UTC",
        }
    )


def _start_servers() -> Path:
    """Start the servers of this run in a fresh folder, and see to their end."""
    folder = Path(tempfile.mkdtemp(prefix="keyfob-"))
    folder.chmod(0o755)
    servers = Servers(folder)
    _servers.append(servers)
    atexit.register(_stop_servers)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    servers.start_redis()
    if os.environ.get("KEYFOB_TEST_DATABASE") != "sqlite":
        servers.start_postgresql()
    servers.guard()
    return folder


def _stop_servers() -> None:
    while _servers:
        servers = _servers.pop()
        servers.stop()
        shutil.rmtree(servers.folder, ignore_errors=True)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Start or find the servers before Django's settings are read."""
    if FOLDER not in os.environ:
        # Worker processes must collect sets of parameters in one and the same order.
        os.environ["PYTHONHASHSEED"] = "0"
        os.environ[FOLDER] = str(_start_servers())
    _set_environment(os.environ, Path(os.environ[FOLDER]))
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop the servers that this process started."""
    if _servers:
        os.environ.pop(FOLDER, None)
    _stop_servers()
