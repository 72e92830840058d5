"""An endpoint as the deliverer holds it: read once, secrets opened, ready to send."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from yarl import URL

_ALWAYS = {
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "Keyfob-Webhooks/1",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Hold what is needed to send to one endpoint; its repr shows no secret.

    `keys` are (key, until), the newest first, `until` None for no end. `is_sending` is
    False while it is paused, disabled, or its user is not entitled.
    """

    endpoint_id: UUID
    user_id: UUID
    address: URL
    format: str
    kinds: frozenset[str]
    vins: frozenset[str]
    verify_tls: bool
    max_rate: int
    batch_s: float
    batch_max: int
    is_sending: bool
    _keys: tuple[tuple[bytes, datetime | None], ...]
    _headers: tuple[tuple[str, str], ...]
    # Where it is, as the gate counts; the headers of every request, in clear; and the
    # lower names of those that the person set.
    place: str = field(init=False)
    headers: Mapping[str, str] = field(init=False)
    secret_headers: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what each request needs."""
        names = frozenset(name.lower() for name, _ in self._headers)
        place = f"{self.address.host}:{self.address.port}"
        object.__setattr__(self, "secret_headers", names)
        object.__setattr__(self, "headers", {**dict(self._headers), **_ALWAYS})
        object.__setattr__(self, "place", place)

    def __repr__(self) -> str:
        return f"<Target {self.endpoint_id}>"

    def wants(self, kind: str, product: str) -> bool:
        """Tell whether it is told of this kind of news about this product."""
        return kind in self.kinds and (
            not self.vins or not product or product in self.vins
        )

    def keys(self, now: datetime) -> list[bytes]:
        """Return the keys that sign now."""
        return [key for key, until in self._keys if until is None or now < until]
