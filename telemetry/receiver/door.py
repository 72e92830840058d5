"""Let connections in: caps before anything else, then TLS, then the WebSocket."""

import asyncio
import logging
import socket
import ssl
from typing import Any

from picows import WSAutoPingStrategy, WSListener, WSUpgradeRequest
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # compiled

from telemetry.receiver.connection import Car, Shared

_LOG = logging.getLogger(__name__)
# Every hostile connection would write lines of its own; they are counted instead.
_QUIET = logging.getLogger("telemetry.receiver.lines")
_QUIET.setLevel(logging.CRITICAL)
_ACCEPTED_A_TURN = 64
_BACKLOG = 4096
_BREATH_S = 0.2
_BUFFER_BYTES = 4096
_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))


class Line(WSProtocol):  # type: ignore[misc]  # its base has no types
    """One accepted connection: picows' own, that also says when it is over."""

    def __init__(self, door: "Door", address: str) -> None:
        limits = door.shared.limits
        super().__init__(
            *(None, None, False, door.listener_for, _QUIET, True, limits.handshake_s),
            *(False, 20, 20, WSAutoPingStrategy.PING_WHEN_IDLE, False),
            *(limits.frame_bytes, None, _BUFFER_BYTES),
        )
        self._door = door
        self._address = address

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place free."""
        super().connection_lost(exc)
        self._door.left(self._address)


class Door:
    """Accept connections of one listening socket."""

    def __init__(
        self, listening: socket.socket, context: ssl.SSLContext, shared: Shared
    ) -> None:
        self._listening = listening
        self._context = context
        self.shared = shared
        self._by_address: dict[str, int] = {}
        self._entering: set[asyncio.Task[None]] = set()
        self._is_open = False

    def open(self) -> None:
        """Begin to accept."""
        self._is_open = True
        asyncio.get_running_loop().add_reader(self._listening.fileno(), self._accept)

    def close(self) -> None:
        """Accept nobody more."""
        if self._is_open:
            self._is_open = False
            asyncio.get_running_loop().remove_reader(self._listening.fileno())
        self._listening.close()
        for task in self._entering:
            task.cancel()

    def listener_for(self, request: WSUpgradeRequest) -> WSListener | None:
        """Return who takes a connection's frames; None answers 404."""
        if request.path.partition(b"?")[0] != b"/":
            return None
        headers = request.headers
        interface = str(headers.get("X-Network-Interface", "")).lower()
        return Car(self.shared, interface, str(headers.get("X-TXID", "")))

    def left(self, address: str) -> None:
        """Note that a connection is over."""
        self.shared.counters.connections -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_A_TURN):
            try:
                accepted, peer = self._listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                self._breathe(error)
                return
            self._admit(accepted, str(peer[0]))

    def _admit(self, accepted: socket.socket, address: str) -> None:
        counters, limits = self.shared.counters, self.shared.limits
        here = self._by_address.get(address, 0)
        if here >= limits.connections_per_address:
            counters.refused_address += 1
            accepted.close()
        elif counters.connections >= limits.connections:
            counters.refused_full += 1
            accepted.close()
        else:
            self._by_address[address] = here + 1
            counters.connections += 1
            counters.accepted += 1
            accepted.setblocking(False)  # noqa: FBT003
            _keep_alive(accepted)
            task = asyncio.get_running_loop().create_task(
                self._enter(accepted, address)
            )
            self._entering.add(task)
            task.add_done_callback(self._entering.discard)

    async def _enter(self, accepted: socket.socket, address: str) -> None:
        loop = asyncio.get_running_loop()
        made: list[Line] = []

        def line() -> Any:
            made.append(Line(self, address))
            return made[0]

        try:
            await loop.connect_accepted_socket(
                line,
                accepted,
                ssl=self._context,
                ssl_handshake_timeout=self.shared.limits.handshake_s,
            )
        except (OSError, TimeoutError):
            self.shared.counters.refused_tls += 1
            if made and made[0].transport is None:
                self.left(address)
        except asyncio.CancelledError:
            accepted.close()
            raise

    def _breathe(self, error: OSError) -> None:
        """Wait a moment where there are no descriptors left, instead of spinning."""
        _LOG.warning("Connections cannot be accepted: %s", error.strerror)
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listening.fileno())
        self._is_open = False
        loop.call_later(_BREATH_S, self._reopen)

    def _reopen(self) -> None:
        if self._listening.fileno() >= 0:
            self.open()


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Return a listening socket; `shared` lets other processes listen there too."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listening.bind((host, port))
    listening.listen(_BACKLOG)
    listening.setblocking(False)  # noqa: FBT003
    return listening


def _keep_alive(accepted: socket.socket) -> None:
    """Have the kernel find out when a car has vanished."""
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            accepted.setsockopt(socket.IPPROTO_TCP, option, value)
