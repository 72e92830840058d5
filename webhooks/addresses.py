"""Check where and with which headers an endpoint wants to be told.

What a name resolves to is checked anew at each connection, by `webhooks.guard`.
"""

import re
import socket
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from yarl import URL

from webhooks.errors import Unusable
from webhooks.models import LONGEST_URL
from webhooks.networks import Policy, allows_port, read

MOST_HEADERS = 5
_LONGEST_VALUE = 1024
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_VALUE = re.compile(r"[\x20-\x7e]*")
_URL = re.compile(r"[\x21-\x7e]+")
# What we or the HTTP client set, and what changes how a request is read.
_RESERVED = frozenset(
    {
        *("authorization", "accept-encoding", "connection", "content-encoding"),
        *("content-length", "content-type", "cookie", "expect", "host", "keep-alive"),
        *("proxy-authorization", "proxy-connection", "te", "trailer", "upgrade"),
        *("transfer-encoding", "user-agent", "forwarded"),
    }
)
_RESERVED_PREFIXES = ("webhook-", "x-forwarded-", "proxy-", "sec-")


def check_url(url: str, policy: Policy) -> str:
    """Return the address as it is kept. Raises `Unusable`."""
    text = url.strip()
    if len(text) > LONGEST_URL:
        raise _bad("url", f"It may have {LONGEST_URL} characters at most.")
    if not _URL.fullmatch(text) or "\\" in text:
        raise _bad("url", "Write it in plain ASCII, without spaces.")
    parts, port = _split(text)
    if parts.username is not None or parts.password is not None:
        raise _bad("url", "Put no user name or password in it; use Authorization.")
    if parts.fragment:
        raise _bad("url", "Leave out the part behind #.")
    if not allows_port(port):
        raise _bad("url", f"Webhooks are not sent to port {port}.")
    _check_host(parts.hostname or "", policy)
    if parts.scheme == "http" and not policy.private:
        raise _bad("url", "It must begin with https://.")
    return text


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the static headers as they are kept. Raises `Unusable`."""
    if len(headers) > MOST_HEADERS:
        raise _bad("headers", f"There may be {MOST_HEADERS} headers at most.")
    if len({name.lower() for name in headers}) != len(headers):
        raise _bad("headers", "Two headers have the same name.")
    for name, value in headers.items():
        low = name.lower()
        if not _TOKEN.fullmatch(name):
            raise _bad("headers", "A header's name has letters, digits and hyphens.")
        if low in _RESERVED or low.startswith(_RESERVED_PREFIXES):
            raise _bad("headers", f"{name} is set by Keyfob or not allowed.")
        check_value("headers", value)
    return {name: value.strip() for name, value in headers.items()}


def check_value(field: str, value: str) -> str:
    """Return a header's value without blanks around it. Raises `Unusable`."""
    text = value.strip(" ")
    if len(text) > _LONGEST_VALUE or not _VALUE.fullmatch(text):
        raise _bad(
            field, "A value is one line of plain ASCII, 1024 characters at most."
        )
    return text


def _split(text: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _bad("url", "It is not an address.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _bad("url", "It must begin with https:// and name a host.")
    checked = port if port is not None else 443 if parts.scheme == "https" else 80
    if not _is_read_alike(text, parts.hostname, checked):
        raise _bad("url", "It is not an address.")
    return parts, checked


def _is_read_alike(text: str, host: str, port: int) -> bool:
    """Tell whether what sends reads the same place as is checked, or any at all."""
    try:
        address = URL(text)
        # A name of another script is read only when it is asked for.
        is_named = bool(address.host)
    except ValueError:
        return False
    return is_named and (_plain(address.raw_host or ""), address.port) == (
        _plain(host),
        port,
    )


def _plain(host: str) -> str:
    """Return a host with an IPv6 address in its shortest form, as it is connected."""
    try:
        number, zone = str(read(host)), host.partition("%")[1:]
    except ValueError:
        return host
    return "".join((number, *zone))


def _check_host(host: str, policy: Policy) -> None:
    """Refuse literal addresses that are closed, however they are spelled."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        numbers = ["127.0.0.1"]
    else:
        numbers = _literals(host)
    for number in numbers:
        if not policy.allows(read(number)):
            raise _bad("url", "It leads into a private network.")


def _literals(host: str) -> list[str]:
    """Return the addresses that a host spells out, none for a name."""
    try:
        found = socket.getaddrinfo(
            host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except (OSError, UnicodeError):
        return []
    return [str(sockaddr[0]) for *_, sockaddr in found]


def _bad(field: str, words: str) -> Unusable:
    return Unusable(field, words)
