"""Ports for servers of tests, which nothing else on the machine is given meanwhile.

A port that the kernel picks may be picked again, for somebody's connection, before the
server that it is meant for is up. Those here lie below all that Linux picks from, and
each test process has its own, in turn and some apart: what is started by `make run`
takes the next ones, too.
"""

import itertools
import secrets
import socket

from tests.environment import process_number

_HOST = "127.0.0.1"
_FIRST, _PROCESSES, _EACH, _APART = 20_000, 12, 1000, 10
_COUNT = _EACH // _APART

_first = _FIRST + process_number() % _PROCESSES * _EACH
_ports = itertools.cycle(range(_first, _first + _EACH, _APART))
# Two runs beside each other begin at different ones.
next(itertools.islice(_ports, secrets.randbelow(_COUNT), None))


class NoneFree(Exception):
    """All ports of this process are taken."""


def free_port() -> int:
    """Return a port of the loopback address that nothing listens on.

    Raises `NoneFree`.
    """
    for port in itertools.islice(_ports, _COUNT):
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind((_HOST, port))
            except OSError:
                continue
            return port
    raise NoneFree
