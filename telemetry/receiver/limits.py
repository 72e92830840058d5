"""Say how much the receiver takes from whom, and count what it took."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one receiver process takes.

    A connection may send `burst` frames at once, as a car does that was cut off for
    long, and `frames_per_second` on end; whoever is faster is read more slowly. What
    waits for Redis is at most `waiting_bytes` and what was read before that was seen.
    """

    connections: int = 20_000
    connections_per_address: int = 1000
    connections_per_car: int = 3
    frame_bytes: int = 1_000_000
    burst: int = 6000
    frames_per_second: int = 50
    waiting_bytes: int = 32 * 1024 * 1024
    handshake_s: float = 10.0
    idle_s: float = 900.0


@dataclass(slots=True)
class Counters:
    """What one receiver process has seen since it started.

    `refused_…` are connections: by their address, since the process is full, for their
    TLS or certificate, since no VIN is in it. `unavailable` counts connections that
    were dropped since Redis did not confirm, `limited` those that were slowed down,
    `nobody` records of cars that no account sees.
    """

    connections: int = 0
    accepted: int = 0
    connected: int = 0
    refused_address: int = 0
    refused_full: int = 0
    refused_tls: int = 0
    refused_identity: int = 0
    replaced: int = 0
    idle: int = 0
    frames: int = 0
    records: int = 0
    signals: int = 0
    acknowledged: int = 0
    malformed: int = 0
    unknown_topics: int = 0
    oversized: int = 0
    nobody: int = 0
    limited: int = 0
    unavailable: int = 0
    published_lost: int = 0

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)
