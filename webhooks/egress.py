"""Where our requests come from, as far as this machine can know."""

import ipaddress
import socket

# Addresses of documentations, to which nothing is sent: a datagram socket that is only
# connected tells which address of ours a request to the internet would leave from.
_FAR = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def addresses() -> tuple[str, ...]:
    """Return this machine's addresses on the internet; empty behind a router."""
    return tuple(found for one in _FAR if is_public(found := _leaving(*one)))


def is_public(address: str) -> bool:
    """Tell whether an address means this machine to receivers anywhere."""
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def _leaving(family: socket.AddressFamily, there: str) -> str:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((there, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return ""
