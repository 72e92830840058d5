"""Remember the last commands that each car was told."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_KEPT = 20
_SECRET = ("pin", "password", "token")


@dataclass(frozen=True, slots=True)
class Told:
    """Record one command; `fields` come without PINs. `signed`: by the protocol."""

    vin: str
    at: datetime
    name: str
    fields: dict[str, Any]
    person: str
    signed: bool
    result: bool
    reason: str

    def as_json(self) -> dict[str, Any]:
        """Return the command as the admin API shows it."""
        return {
            "at": self.at.isoformat(),
            "name": self.name,
            "fields": self.fields,
            "person": self.person,
            "signed": self.signed,
            "result": self.result,
            "reason": self.reason,
        }


class CommandLog:
    """Hold the newest commands of each car."""

    def __init__(self) -> None:
        self._told: dict[str, deque[Told]] = {}

    def add(self, told: Told) -> None:
        """Write down a command that was carried out or not done by the car."""
        self._told.setdefault(told.vin, deque(maxlen=_KEPT)).append(told)

    def of(self, vin: str) -> list[Told]:
        """Return a car's commands, newest first."""
        return list(self._told.get(vin, ()))[::-1]


def without_secrets(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a command that anybody may read."""
    return {name: value for name, value in fields.items() if name not in _SECRET}
