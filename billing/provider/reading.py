"""Read values out of a provider's JSON, whose types are only promised."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def text(source: Mapping[str, Any], name: str) -> str:
    """Return a text, empty when it is missing or something else."""
    value = source.get(name)
    return value if isinstance(value, str) else ""


def mapping(source: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object, empty when it is missing or something else."""
    value = source.get(name)
    return value if isinstance(value, dict) else {}


def objects(source: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return a list's objects; empty when there is no list."""
    value = source.get(name)
    if not isinstance(value, list):
        return []
    return [one for one in value if isinstance(one, dict)]


def count(source: Mapping[str, Any], name: str) -> int:
    """Return a whole number from 0 up; 0 for anything else."""
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return max(0, value)


def moment(source: Mapping[str, Any], name: str) -> datetime | None:
    """Return an aware time from RFC 3339 text, None when there is none.

    Raises ValueError for a text that is no time.
    """
    value = text(source, name)
    if not value:
        return None
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
