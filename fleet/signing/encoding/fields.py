"""Read the fields of a command, as the many programs spell them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fleet.errors import InvalidField

LOWEST_INT32 = -(2**31)
HIGHEST_INT32 = 2**31 - 1
HIGHEST_UINT32 = 2**32 - 1
HIGHEST_UINT64 = 2**64 - 1
_LONGEST_TEXT = 4096
_FLAGS = {"true": True, "false": False, "1": True, "0": False}
_Value = TypeVar("_Value")
_DAYS = {
    "sun": 1,
    "mon": 2,
    "tue": 4,
    "wed": 8,
    "thu": 16,
    "fri": 32,
    "sat": 64,
}
_DAY_ENDINGS = ("", "s", "day", "sday", "nesday", "r", "rs", "rsday", "urday")
_SETS = {"all": 127, "weekdays": 62}


def invalid(name: str, why: str) -> InvalidField:
    """Return the error that a field is; the value is not in it, it may be a PIN."""
    error = InvalidField(f"{name}: {why}", code="invalid_field", description=name)
    error.field = name
    return error


@dataclass(frozen=True, slots=True)
class Body:
    """Read one command's body; a field that is null counts as absent.

    `now` is in seconds since 1970. Each method raises `InvalidField` where the
    field is absent and has no default, or its value does not fit.
    """

    values: Mapping[str, Any] = field(repr=False)
    now: float = 0.0

    def has(self, name: str) -> bool:
        """Tell whether a field is there and not null."""
        return self.values.get(name) is not None

    def _or(self, name: str, default: _Value | None) -> _Value:
        if default is None:
            raise invalid(name, "is missing")
        return default

    def flag(self, name: str, default: bool | None = None) -> bool:  # noqa: FBT001
        """Return a boolean; true, "true" and 1 are the same, as are their opposites."""
        if not self.has(name):
            return self._or(name, default)
        known = _FLAGS.get(str(self.values[name]).lower())
        if known is None:
            raise invalid(name, "must be true or false")
        return known

    def number(
        self,
        name: str,
        low: float,
        high: float,
        default: float | None = None,
    ) -> float:
        """Return a number within both limits; a text that is one will do."""
        if not self.has(name):
            return self._or(name, default)
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise invalid(name, "must be a number")
        try:
            found = float(value)
        except (ValueError, OverflowError):
            raise invalid(name, "must be a number") from None
        if not math.isfinite(found) or not low <= found <= high:
            raise invalid(name, f"must be from {low} to {high}")
        return found

    def whole(
        self,
        name: str,
        low: int = LOWEST_INT32,
        high: int = HIGHEST_INT32,
        default: int | None = None,
    ) -> int:
        """Return a whole number within both limits; 3.0 and "3" are 3."""
        if not self.has(name):
            return self._or(name, default)
        value = self.values[name]
        if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
            value = int(value.strip()[:40])
        elif isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise invalid(name, "must be a whole number")
        if not low <= value <= high:
            raise invalid(name, f"must be from {low} to {high}")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; a number is taken as the text that it is written as."""
        if not self.has(name):
            return self._or(name, default)
        value = self.values[name]
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            raise invalid(name, f"must be a text of at most {_LONGEST_TEXT} characters")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise invalid(name, "must be a text") from None
        return value

    def pin(self, name: str, default: str | None = None) -> str:
        """Return four digits; 123 is the PIN "0123"."""
        if not self.has(name) or self.values[name] == "":
            return self._or(name, default)
        value = self.values[name]
        if isinstance(value, int) and not isinstance(value, bool):
            value = f"{value:04}"
        if not (
            isinstance(value, str)
            and len(value) == 4
            and value.isascii()
            and value.isdigit()
        ):
            raise invalid(name, "must be four digits")
        return value

    def choice(self, name: str, choices: Mapping[str, _Value]) -> _Value:
        """Return what one of the words, or numbers as words, stands for."""
        if not self.has(name):
            raise invalid(name, "is missing")
        value = self.values[name]
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        word = str(value).strip().lower()
        if isinstance(value, bool) or word not in choices:
            raise invalid(name, f"must be one of {', '.join(choices)}")
        return choices[word]

    def days(self, name: str) -> int:
        """Return days as a bit mask, Sunday the lowest: names, a set, or the mask."""
        value = self.values.get(name)
        if isinstance(value, list | tuple):
            value = ",".join(str(day) for day in value)
        if not isinstance(value, str) or value.strip().isdecimal():
            return self.whole(name, 0, 127)
        mask = 0
        for word in value.lower().split(","):
            bits = _bits(word.strip())
            if bits is None:
                raise invalid(name, "must name days, All or Weekdays")
            mask |= bits
        return mask


def _bits(word: str) -> int | None:
    """Return the bits of "all", "weekdays", "monday", "mon", "thurs" and the like."""
    if word in _SETS:
        return _SETS[word]
    return _DAYS.get(word[:3]) if word[3:] in _DAY_ENDINGS else None
