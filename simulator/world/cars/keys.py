"""Hold the virtual keys that a car trusts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

MAX_KEYS = 20


class KeychainFull(Exception):
    """Say that the car already holds as many keys as it can."""


@dataclass(frozen=True, slots=True)
class KeySlot:
    """Record one application's key; Tesla reports it from `effective_at` on."""

    domain: str
    added_at: datetime
    effective_at: datetime

    def dump(self) -> dict[str, str]:
        """Return the slot as texts, moments in ISO 8601."""
        return {
            "domain": self.domain,
            "added_at": self.added_at.isoformat(),
            "effective_at": self.effective_at.isoformat(),
        }

    @classmethod
    def restore(cls, saved: dict[str, Any]) -> Self:
        """Return the slot that `dump` described."""
        return cls(
            saved["domain"],
            datetime.fromisoformat(saved["added_at"]),
            datetime.fromisoformat(saved["effective_at"]),
        )
