"""Name the two computers of a car that take signed commands."""

from enum import IntEnum


class Domain(IntEnum):
    """Number them; each has a key, an epoch, a clock and a counter of its own."""

    VEHICLE_SECURITY = 2
    INFOTAINMENT = 3
