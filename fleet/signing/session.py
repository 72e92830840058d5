"""Hold what we and one computer of a car have agreed on."""

import json
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, field

from fleet.signing.domains import Domain
from fleet.signing.keys import KEY_LENGTH, POINT_LENGTH

EPOCH_LENGTH = 16
_VERSION = 1
_BINARY = ("epoch", "shared_key", "vehicle_point", "our_point")


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
        facts = asdict(self) | {"version": _VERSION}
        for name in _BINARY:
            facts[name] = b64encode(facts[name]).decode()
        return json.dumps(facts).encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Session":
        """Return the session that a store kept. ValueError for anything else."""
        facts = json.loads(stored)
        if not isinstance(facts, dict) or facts.pop("version", None) != _VERSION:
            raise ValueError("no session that this version wrote")
        try:
            for name in _BINARY:
                facts[name] = b64decode(facts[name], validate=True)
            session = cls(**facts | {"domain": Domain(facts["domain"])})
        except (KeyError, TypeError) as error:
            raise ValueError("no session that this version wrote") from error
        if (
            len(session.epoch) != EPOCH_LENGTH
            or len(session.shared_key) != KEY_LENGTH
            or len(session.our_point) != POINT_LENGTH
        ):
            raise ValueError("a session of a wrong length")
        return session
