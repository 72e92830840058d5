"""Names of messages: `msg_` and a ULID, so that they sort by time.

The same place in a stream always gives the same name, so that whoever gets a message
twice can tell.
"""

import hashlib
import secrets
from functools import lru_cache

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Two characters at a time: 5 and 8 steps instead of 26.
_PAIRS = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_MOMENT, _REST = range(40, -1, -10), range(70, -1, -10)


def digest_of(source: str) -> int:
    """Return what a source adds to the names of all that stands there, in 64 bits."""
    return int.from_bytes(hashlib.sha256(source.encode()).digest()[:8], "big")


def at(at_ms: int, number: int, digest: int) -> str:
    """Return the name of what stands at one place of a source.

    `at_ms` is in Unix time; `number` orders what came in the same millisecond.
    """
    # Where Redis's clock was put back all numbers belong to one millisecond.
    return _written(at_ms, (number & 0xFFFF) << 64 | digest ^ number >> 16)


def of_source(source: str) -> str:
    """Return the name of the only thing that a source names."""
    return at(0, 0, digest_of(source))


def new(at_ms: int) -> str:
    """Return a name that nothing else has."""
    return _written(at_ms, secrets.randbits(80))


def _written(at_ms: int, rest: int) -> str:
    return "msg_" + _moment(at_ms) + "".join([_PAIRS[rest >> n & 1023] for n in _REST])


@lru_cache(1024)
def _moment(at_ms: int) -> str:
    """Return the beginning, which all names of one millisecond share."""
    known_ms = at_ms & (2**48 - 1)
    return "".join([_PAIRS[known_ms >> n & 1023] for n in _MOMENT])
