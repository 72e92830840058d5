"""Names of messages: `msg_` and a ULID, so that they sort by time.

The same place in a stream always gives the same name, so that whoever gets a message
twice can tell.
"""

import hashlib
import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BYTES = 10
_LENGTH = 26


def of_source(at_ms: int, source: str, *, number: int = 0) -> str:
    """Return the name of what stood at one place; `at_ms` is in Unix time.

    `number` orders what came in the same millisecond.
    """
    digest = hashlib.sha256(source.encode()).digest()
    order = (number & 0xFFFF).to_bytes(2, "big")
    return _written(at_ms, order + digest[: _RANDOM_BYTES - 2])


def new(at_ms: int) -> str:
    """Return a name that nothing else has."""
    return _written(at_ms, secrets.token_bytes(_RANDOM_BYTES))


def _written(at_ms: int, rest: bytes) -> str:
    number = int.from_bytes((at_ms & (2**48 - 1)).to_bytes(6, "big") + rest, "big")
    shifts = range(5 * (_LENGTH - 1), -1, -5)
    return "msg_" + "".join(_ALPHABET[(number >> shift) & 31] for shift in shifts)
