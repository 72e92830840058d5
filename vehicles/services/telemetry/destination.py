"""Say where cars send what they stream."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Destination:
    """Where cars connect: host name, port, and the PEM by which they know the server."""

    hostname: str
    port: int
    ca: str

    @property
    def digest(self) -> str:
        """Return a text that changes whenever one of the three does."""
        text = "\n".join((self.hostname, str(self.port), self.ca))
        return hashlib.sha256(text.encode()).hexdigest()
