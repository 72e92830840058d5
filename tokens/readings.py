"""Read answers of Tesla's, whatever they hold, and show them with age and reason.

Cars and energy sites are read alike: a `Document` finds numbers and texts without
ever failing, a `Value` is what stands on a page. An unknown value is an em dash, and
says why.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from tokens.models import Inquiry

UNKNOWN = "—"
NOT_SENT = "Tesla did not send this value."
HEARD_WITHIN = timedelta(seconds=6)
_LONGEST_TEXT = 200
_LATEST_S = 253_000_000_000.0
_DAY_S = 86_400
_UNITS = ((1, 60, "s"), (60, 3600, "min"), (3600, _DAY_S, "h"))


@dataclass(frozen=True, slots=True)
class Live:
    """Say how a page writes a streamed signal in a value's place, as the server would.

    `form` says which way: a number is multiplied by `scale`, `offset` is added, and it
    gets `digits` decimals; a plain one keeps two at most; a word is found in `words`, a
    JSON object from the signal's value; a set (an object of booleans) shows the words of
    those that are true, else the word of ""; a moment is seconds since 1970; a place is
    two numbers; a text stays as it is.
    """

    signal: str
    form: str = "number"
    scale: float = 1.0
    offset: float = 0.0
    digits: int = 0
    unit: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """Hold one value as it is shown; `reason` says why it is unknown.

    `live` says what streams it, `streamed_at` when what is shown was streamed.
    """

    label: str
    text: str = UNKNOWN
    unit: str = ""
    reason: str = ""
    live: Live | None = field(default=None, compare=False)
    streamed_at: datetime | None = field(default=None, compare=False)

    @property
    def is_known(self) -> bool:
        """Tell whether there is a value at all."""
        return self.text != UNKNOWN


@dataclass(frozen=True, slots=True)
class Group:
    """Hold values that were measured at one moment; `at` is None when unsaid."""

    title: str
    values: tuple[Value, ...]
    at: datetime | None = None


class Document:
    """Read a JSON object that came from outside; what is odd counts as absent."""

    def __init__(self, content: object) -> None:
        self.content: Mapping[str, Any] = (
            content if isinstance(content, Mapping) else {}
        )

    def part(self, key: str) -> "Document":
        """Return the object under a key, an empty one when there is none."""
        return Document(self.content.get(key))

    def parts(self, key: str) -> list["Document"]:
        """Return the objects in the list under a key, none when it is no list."""
        content = self.content.get(key)
        if not isinstance(content, list):
            return []
        return [Document(entry) for entry in content if isinstance(entry, Mapping)]

    def number(self, key: str) -> float | None:
        """Return a finite number, else None; true and false are no numbers."""
        content = self.content.get(key)
        if isinstance(content, bool) or not isinstance(content, int | float):
            return None
        try:
            number = float(content)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None

    def flag(self, key: str) -> bool | None:
        """Return true or false, None for everything else."""
        content = self.content.get(key)
        return content if isinstance(content, bool) else None

    def text(self, key: str) -> str:
        """Return a text on one line, at most 200 characters, "" when there is none."""
        content = self.content.get(key)
        return one_line(content) if isinstance(content, str) else ""

    def moment_of_ms(self, key: str) -> datetime | None:
        """Return the moment that milliseconds since 1970 stand for, else None."""
        return _moment(self.number(key), 1000)

    def moment_of_s(self, key: str) -> datetime | None:
        """Return the moment that seconds since 1970 stand for, else None."""
        return _moment(self.number(key), 1)

    def moment(self, key: str) -> datetime | None:
        """Return the moment that an ISO 8601 text with a zone stands for, else None."""
        try:
            moment = datetime.fromisoformat(self.text(key))
            return moment.astimezone(UTC) if moment.tzinfo else None
        except (ValueError, OverflowError):
            return None


def one_line(text: str) -> str:
    """Return at most 200 printable characters; a database takes no NUL."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text[:1000])
    return " ".join(shown.split())[:_LONGEST_TEXT].strip()


def age(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago a moment was, in words: "just now", "3 min ago"."""
    passed_s = int(((now or timezone.now()) - moment).total_seconds())
    if passed_s < 2:
        return "just now"
    for unit_s, most_s, name in _UNITS:
        if passed_s < most_s:
            return f"{passed_s // unit_s} {name} ago"
    days = passed_s // _DAY_S
    return "1 day ago" if days == 1 else f"{days} days ago"


def is_unheard(inquiry: Inquiry, now: datetime) -> bool:
    """Tell whether a question has waited so long that no worker seems to run."""
    is_waiting = inquiry.state == Inquiry.State.WAITING
    return is_waiting and now - inquiry.asked_at > HEARD_WITHIN


def _moment(number: float | None, parts_of_second: int) -> datetime | None:
    if number is None or not 0 < number / parts_of_second < _LATEST_S:
        return None
    return datetime.fromtimestamp(number / parts_of_second, UTC)


def is_old(moment: datetime, most: timedelta, now: datetime | None = None) -> bool:
    """Tell whether a value is older than its page promises."""
    return (now or timezone.now()) - moment > most
