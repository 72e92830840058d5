"""Draw values that depend on the seed and a name alone, never on call order."""

import hashlib
import math
import uuid
from functools import lru_cache


@lru_cache(maxsize=65536)
def draw(*names: object) -> float:
    """Return a number in [0, 1) that the names decide."""
    digest = hashlib.sha256("\0".join(map(str, names)).encode()).digest()
    return int.from_bytes(digest[:7]) / (1 << 56)


def draw_between(low: float, high: float, *names: object) -> float:
    """Return a number in [low, high) that the names decide."""
    return low + (high - low) * draw(*names)


def draw_int(low: int, high: int, *names: object) -> int:
    """Return a whole number from low to high, both included."""
    return low + int((high - low + 1) * draw(*names))


def draw_hex(length: int, *names: object) -> str:
    """Return that many hexadecimal digits, at most 64."""
    return hashlib.sha256("\0".join(map(str, names)).encode()).hexdigest()[:length]


def draw_uuid(*names: object) -> str:
    """Return a version 4 UUID that the names decide."""
    return str(uuid.UUID(draw_hex(32, *names), version=4))


def drift(period_s: float, at_s: float, *names: object) -> float:
    """Return a smooth wandering value in [-1, 1] with a knot every `period_s`."""
    knot, rest = divmod(at_s / period_s, 1.0)
    before = draw(*names, int(knot))
    after = draw(*names, int(knot) + 1)
    share = (1.0 - math.cos(math.pi * rest)) / 2.0
    return 2.0 * (before + (after - before) * share) - 1.0
