"""Which addresses a webhook may be sent to.

`ipaddress.is_global` alone calls multicast, and NAT64 and 6to4 of loopback, global; so
a list of our own stands beside it. An operator can open single networks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_DENIED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8"),
        *("169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        # The last is where Azure's machines ask about themselves.
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
        *("::/96", "::ffff:0:0:0/96", "100:0:0:1::/64"),
        *("64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32"),
        *("2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7"),
        *("fe80::/10", "fec0::/10", "ff00::/8"),
    )
)
_CLOSED_PORTS = frozenset(
    {
        *(1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432),
        *(5672, 5900, 5984, 6379, 6380, 6443, 9042, 9200, 9300, 10250, 11211),
        *(15672, 27017, 27018),
    }
)
_LOW_PORTS = frozenset({80, 443})


@dataclass(frozen=True, slots=True)
class Policy:
    """Decide about addresses; `private` are the networks that the operator opened."""

    private: tuple[Network, ...] = ()

    def opens(self, address: Address) -> bool:
        """Tell whether the operator opened the network of an address."""
        plain = unmapped(address)
        return any(plain in network for network in self.private)

    def allows(self, address: Address) -> bool:
        """Tell whether anything may be sent to an address."""
        plain = unmapped(address)
        if self.opens(plain):
            return True
        denied = any(plain in network for network in _DENIED)
        return plain.is_global and not denied


def unmapped(address: Address) -> Address:
    """Return the IPv4 address behind an IPv6 one that only maps it, else itself."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def policy(networks: Iterable[str]) -> Policy:
    """Return the policy that opens networks written as CIDR. Raises ValueError."""
    return Policy(tuple(ip_network(text) for text in networks))


def read(text: str) -> Address:
    """Return an address, its zone cut off. Raises ValueError."""
    return ip_address(text.partition("%")[0])


def allows_port(port: int) -> bool:
    """Tell whether webhooks go to a port: 80, 443, and high ones of no known service."""
    if port < 1024:
        return port in _LOW_PORTS
    return port not in _CLOSED_PORTS
