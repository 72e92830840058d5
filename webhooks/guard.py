"""Connect to nobody whom a webhook must not reach.

What a name resolves to is checked where the connection is made, and the address that
was checked is the one that is connected, so that a name which changes its mind gains
nothing. One closed address among several refuses them all.
"""

import socket
from collections.abc import Sequence
from typing import Any

from webhooks.names import Names, Resolve
from webhooks.networks import Policy, read


class Blocked(Exception):
    """An address lies where webhooks are not sent."""


class Guard:
    """Resolve names, and make sockets to addresses that are allowed.

    A `plain` one guards requests without TLS, which go into opened networks alone.
    """

    def __init__(
        self, policy: Policy, *, plain: bool, resolve: Resolve | None = None
    ) -> None:
        self._policy = policy
        self._plain = plain
        self._resolve = resolve or Names().resolve

    def check(self, address: str) -> None:
        """Raise `Blocked` for an address that nothing may be sent to."""
        try:
            parsed = read(address)
        except ValueError as error:
            raise Blocked(address) from error
        allowed = self._policy.opens if self._plain else self._policy.allows
        if not allowed(parsed):
            raise Blocked(address)

    def make_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """Return a socket for one address, which is checked. Raises `Blocked`."""
        family, kind, protocol, _, sockaddr = info
        self.check(str(sockaddr[0]))
        return socket.socket(family, kind, protocol)

    async def resolve(self, host: str, port: int) -> Sequence[tuple[Any, ...]]:
        """Return what `socket.getaddrinfo` returns, each address checked.

        Raises `Blocked`, and `socket.gaierror` for a name that leads nowhere.
        """
        found = await self._resolve(host, port)
        for *_, sockaddr in found:
            self.check(str(sockaddr[0]))
        return found
