"""Hold the virtual keys that a car trusts."""

from dataclasses import dataclass
from datetime import datetime

MAX_KEYS = 20


@dataclass(frozen=True, slots=True)
class KeySlot:
    """Record one application's key; Tesla reports it from `effective_at` on."""

    domain: str
    added_at: datetime
    effective_at: datetime
