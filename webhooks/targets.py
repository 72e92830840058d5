"""An endpoint as the deliverer holds it: read once, secrets opened, ready to send."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from yarl import URL

from webhooks.outcomes import MASK
from webhooks.wire import head_of

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
    # Where it is, as the gate counts; how every request begins, None where its headers
    # are none; and the headers of every request as the log shows them.
    place: str = field(init=False)
    shown_headers: Mapping[str, str] = field(init=False)
    _head: bytes | None = field(init=False)

    def __post_init__(self) -> None:
        """Work out once what each request needs."""
        shown = {**dict.fromkeys(dict(self._headers), MASK), **_ALWAYS}
        head = None
        with suppress(ValueError):
            head = head_of(self.address, {**dict(self._headers), **_ALWAYS})
        object.__setattr__(self, "place", f"{self.address.host}:{self.address.port}")
        object.__setattr__(self, "shown_headers", shown)
        object.__setattr__(self, "_head", head)

    def __repr__(self) -> str:
        return f"<Target {self.endpoint_id}>"

    def head(self) -> bytes:
        """Return the beginning of every request. Raises ValueError if it has none."""
        if self._head is None:
            raise ValueError("a header has more than one line")
        return self._head

    def is_sent_as(self, other: "Target") -> bool:
        """Tell whether requests to another go to the same place with the same secrets."""
        mine = self.address, self.verify_tls, self._headers, self._keys
        its = other._headers, other._keys  # noqa: SLF001  # of the same class
        return mine == (other.address, other.verify_tls, *its)

    def wants(self, kind: str, product: str) -> bool:
        """Tell whether it is told of this kind of news about this product."""
        return kind in self.kinds and (
            not self.vins or not product or product in self.vins
        )

    def keys(self, now: datetime) -> list[bytes]:
        """Return the keys that sign now."""
        return [key for key, until in self._keys if until is None or now < until]
