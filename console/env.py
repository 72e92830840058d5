"""Read settings from the environment, and say everything that is wrong at once.

Each reader notes a bad value instead of raising, and returns a harmless stand-in;
`Environment.check` then raises one `BadEnvironment` that lists them all.
A secret `NAME` may come from the file that `NAME_FILE` names instead.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from fleet.endpoints import Price

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class BadEnvironment(ImproperlyConfigured):
    """Some environment variables are missing or unreadable; the text lists all."""


class Environment:
    """Typed readers over one mapping of variables.

    `names` collects every variable asked for, in order, so that a test can compare
    it with `.env.example`.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._problems: list[str] = []
        self.names: list[str] = []

    def problem(self, name: str, words: str) -> None:
        """Note that a variable cannot be used, and why. Never quote a secret."""
        self._problems.append(f"{name}: {words}")

    def text(self, name: str, default: str = "") -> str:
        """Return a variable's text, stripped; the default when unset or empty."""
        self.names.append(name)
        return self._variables.get(name, "").strip() or default

    def required(self, name: str, words: str) -> str:
        """Return a variable's text; note a problem when it is unset."""
        value = self.text(name)
        if not value:
            self.problem(name, f"is not set. {words}")
        return value

    def secret(self, name: str, default: str = "") -> str:
        """Return a secret from `NAME`, or from the file named by `NAME_FILE`."""
        value = self.text(name)
        path = self.text(f"{name}_FILE")
        if value and path:
            self.problem(name, f"is set twice: here and by {name}_FILE. Keep one.")
        if path and not value:
            try:
                value = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "not a text file"
                self.problem(f"{name}_FILE", f"cannot be read ({reason}).")
        return value or default

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a yes-or-no variable."""
        text = self.text(name).lower()
        if text in _TRUE:
            return True
        if text and text not in _FALSE:
            self.problem(name, f"must be true or false, not {text!r}.")
        return False if text else default

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number between `least` and `most`, both included."""
        text = self.text(name)
        if not text:
            return default
        try:
            value = int(text)
        except ValueError:
            self.problem(name, f"must be a whole number, not {text!r}.")
            return default
        if not least <= value <= most:
            self.problem(name, f"must be between {least} and {most}, not {value}.")
            return default
        return value

    def choice(self, name: str, default: str, choices: Iterable[str]) -> str:
        """Return one of the given words, in lower case."""
        known = tuple(choices)
        value = self.text(name, default).lower()
        if value not in known:
            self.problem(name, f"must be one of {', '.join(known)}, not {value!r}.")
            return default
        return value

    def words(self, name: str, default: str = "") -> list[str]:
        """Return a list of words separated by commas or spaces; empty when unset."""
        return self.text(name, default).replace(",", " ").split()

    def url(self, name: str, default: str) -> str:
        """Return an http(s) address without a trailing slash."""
        value = self.text(name, default).rstrip("/")
        parts = _split(value)
        if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
            self.problem(name, "must be an address such as https://keyfob.example.com.")
            return default
        return value

    def keys(self, name: str) -> dict[str, bytes]:
        """Return encryption keys written `id:base64,id:base64`, newest first.

        Each key is 32 bytes. Empty when unset, which is noted as a problem.
        """
        text = self.secret(name)
        found: dict[str, bytes] = {}
        for item in text.replace(",", " ").split():
            key_id, _, encoded = item.partition(":")
            key = _decoded(encoded)
            if not key_id.isalnum() or key_id in found or len(key) != 32:
                self.problem(name, "must be id:key pairs, each key 32 bytes in base64.")
                return {}
            found[key_id] = key
        if not found:
            self.problem(name, "is not set. Make one with: make encryption-key")
        return found

    def check(self) -> None:
        """Raise `BadEnvironment` with every problem noted so far, if there is one."""
        if self._problems:
            lines = "\n".join(f"  - {problem}" for problem in self._problems)
            raise BadEnvironment(
                f"Keyfob cannot start. Correct these environment variables:\n{lines}"
            )


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""


def database(environment: Environment, name: str, default: str) -> dict[str, object]:
    """Read a database address into one entry of Django's `DATABASES`.

    `sqlite:///relative/or//absolute/path` or `postgresql://user:password@host/name`,
    where `?host=/socket/folder` reaches PostgreSQL through a Unix socket.
    """
    parts = _split(environment.secret(name, default))
    if parts is not None and parts.scheme == "sqlite" and parts.path.strip("/"):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]),
            "CONN_MAX_AGE": 60,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                    " PRAGMA foreign_keys=ON;"
                ),
            },
        }
    if parts is not None and parts.scheme in {"postgres", "postgresql"}:
        query = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")) or "keyfob",
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.get("host", parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {
                "connect_timeout": 5,
                "options": (
                    "-c statement_timeout=15000 -c lock_timeout=5000"
                    " -c idle_in_transaction_session_timeout=30000"
                ),
            },
        }
    environment.problem(name, "must be sqlite:///path or postgresql://user@host/name.")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


def prices(
    environment: Environment, name: str
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Read the ids of a provider's prices, keyed by kind and billing cycle.

    Written `vehicle:month=pri_…,vehicle:year=pri_…,site:month=pri_…,site:year=pri_…`;
    a kind and cycle that is left out is not sold. Of one that is named several times the
    first price is sold; the others are known, for who subscribed to them. {} when unset.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for item in environment.words(name):
        key, _, price_id = item.partition("=")
        kind, _, cycle = key.partition(":")
        known = kind in {"vehicle", "site"} and cycle in {"month", "year"}
        is_new = not any(price_id in ids for ids in found.values())
        if not known or not price_id or not is_new:
            environment.problem(name, "must be pairs such as vehicle:month=pri_01abc.")
            return {}
        found[kind, cycle] = (*found.get((kind, cycle), ()), price_id)
    return found


def address(environment: Environment, name: str, default: str) -> tuple[str, int]:
    """Read where to listen, `host:port`; an IPv6 address stands in brackets."""
    text = environment.text(name, default)
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        environment.problem(name, f"must be host:port, not {text!r}.")
        return "127.0.0.1", 0
    return host.strip("[]"), int(port)


def networks(environment: Environment, name: str) -> tuple[str, ...]:
    """Read networks written as CIDR, such as 192.168.0.0/16; () when unset."""
    found = tuple(environment.words(name))
    try:
        for item in found:
            ip_network(item)
    except ValueError:
        environment.problem(name, "must be networks such as 192.168.1.0/24.")
        return ()
    return found


def dollars(environment: Environment, name: str, default: str) -> Decimal:
    """Read an amount of US dollars, 0 or more."""
    amount = _amount(environment.text(name, default))
    if amount is None:
        environment.problem(name, "must be an amount of dollars such as 12.50.")
    return amount or Decimal(0)


def price_list(
    environment: Environment, name: str, default: Mapping[Price, Decimal]
) -> dict[str, Decimal]:
    """Read what a call of each price class costs, in US dollars.

    Written `data=1/500 wakes=0.02`: an amount, or one amount for so many calls. A
    class that is left out costs what `default` says.
    """
    found = {price_class.value: usd for price_class, usd in default.items()}
    for item in environment.words(name):
        price_class, _, text = item.partition("=")
        amount = _amount(text)
        if price_class not in found or amount is None:
            known = ", ".join(found)
            environment.problem(name, f"must be as data=1/500; the classes: {known}.")
            break
        found[price_class] = amount
    return found


def _amount(text: str) -> Decimal | None:
    """Return an amount such as 0.02 or 1/500, None when it is none or negative."""
    above, _, below = text.partition("/")
    try:
        amount = Decimal(above) / Decimal(below or 1)
    except ArithmeticError:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def email(environment: Environment, name: str) -> dict[str, object]:
    """Read a mail server's address into Django's `EMAIL_*` settings; {} when unset.

    `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465` (TLS at once);
    `smtp+plain://` for a server on the same machine that speaks no TLS.
    """
    text = environment.secret(name)
    if not text:
        return {}
    parts = _split(text)
    schemes = {"smtp", "smtps", "smtp+plain"}
    if parts is None or parts.scheme not in schemes or not parts.hostname:
        environment.problem(name, "must be smtp://user:password@host:port.")
        return {}
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 10,
    }
