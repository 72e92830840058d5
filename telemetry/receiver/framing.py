"""Join what comes in several frames, and write several messages at once."""

from collections.abc import Iterable
from functools import cache

_BINARY = 0x82
_SHORT, _MEDIUM = 126, 65536
_MOST_PARTS = 256


class TooMuch(ValueError):
    """A message has too many bytes or comes in too many parts."""


class Parts:
    """A message that has not come whole yet."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._parts: list[bytes] = []
        self._size = 0

    def __bool__(self) -> bool:
        """Tell whether some of a message is here."""
        return bool(self._parts)

    def add(self, part: bytes) -> None:
        """Add a part. Raises `TooMuch`."""
        self._parts.append(part)
        self._size += len(part)
        if self._size > self._most_bytes or len(self._parts) > _MOST_PARTS:
            raise TooMuch

    def take(self) -> bytes:
        """Return the whole message; nothing is here then."""
        whole, self._parts, self._size = b"".join(self._parts), [], 0
        return whole


def joined(messages: Iterable[bytes]) -> bytes:
    """Return binary messages as a server sends them, one frame each."""
    return b"".join([part for one in messages for part in (_head(len(one)), one)])


@cache
def _head(size: int) -> bytes:
    """Return what stands before a binary message of this size, from a server."""
    if size < _SHORT:
        return bytes([_BINARY, size])
    if size < _MEDIUM:
        return bytes([_BINARY, 126]) + size.to_bytes(2, "big")
    return bytes([_BINARY, 127]) + size.to_bytes(8, "big")
