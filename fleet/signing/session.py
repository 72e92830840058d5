"""Hold what we and one computer of a car have agreed on."""

import struct
from dataclasses import dataclass, field

from fleet.signing.domains import Domain
from fleet.signing.keys import KEY_LENGTH, POINT_LENGTH

EPOCH_LENGTH = 16
VIN_LENGTH = 17
_VERSION = 1
_STORED = struct.Struct(
    f">BB{VIN_LENGTH}s{EPOCH_LENGTH}sIIdI{KEY_LENGTH}s{POINT_LENGTH}s{POINT_LENGTH}s"
)


@dataclass(frozen=True, slots=True)
class Session:
    """Hold a session; it is replaced, never changed.

    `counter` is the last one used. `clock_time` is what the car's clock showed,
    in seconds of this epoch, when it last proved it; `offset_s` is our time
    minus the car's. `handle` is the number that the car gave our key.
    `shared_key` opens this car: seal the bytes of a session where they are kept.
    """

    vin: str
    domain: Domain
    epoch: bytes = field(repr=False)
    counter: int
    clock_time: int
    offset_s: float
    shared_key: bytes = field(repr=False)
    vehicle_point: bytes = field(repr=False)
    our_point: bytes = field(repr=False)
    handle: int = 0

    def to_bytes(self) -> bytes:
        """Return the session as bytes for a store. They are secret."""
        return _STORED.pack(
            _VERSION,
            self.domain,
            self.vin.encode(),
            self.epoch,
            self.counter,
            self.clock_time,
            self.offset_s,
            self.handle,
            self.shared_key,
            self.vehicle_point,
            self.our_point,
        )

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Session":
        """Return the session that a store kept. ValueError for anything else."""
        if len(stored) != _STORED.size or stored[0] != _VERSION:
            raise ValueError("no session that this version wrote")
        _, domain, vin, epoch, counter, clock_time, offset_s, handle, *keys = (
            _STORED.unpack(stored)
        )
        shared_key, vehicle_point, our_point = keys
        return cls(
            vin.decode("ascii"),
            Domain(domain),
            epoch,
            counter,
            clock_time,
            offset_s,
            shared_key,
            vehicle_point,
            our_point,
            handle,
        )

    def counted(self, counter: int) -> "Session":
        """Return the same session after one more message."""
        return Session(
            self.vin,
            self.domain,
            self.epoch,
            counter,
            self.clock_time,
            self.offset_s,
            self.shared_key,
            self.vehicle_point,
            self.our_point,
            self.handle,
        )
