"""Read Stripe's nested forms: `items[0][price]=…`, `metadata[a]=b`."""

import re
from collections.abc import Iterable
from typing import Any

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return a form's pairs as nested objects; lists are objects keyed by number."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        if match is None:
            continue
        names = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        place = found
        for name in names[:-1]:
            deeper = place.setdefault(name, {})
            if not isinstance(deeper, dict):
                deeper = place[name] = {}
            place = deeper
        last = names[-1] or str(len(place))
        place[last] = value
    return found


def rows(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a list of objects out of a nested form."""
    found = body.get(name)
    if not isinstance(found, dict):
        return []
    return [one for one in found.values() if isinstance(one, dict)]


def words(body: dict[str, Any], name: str) -> list[str]:
    """Return a list of words out of a nested form."""
    found = body.get(name)
    return [str(one) for one in found.values()] if isinstance(found, dict) else []


def texts(body: dict[str, Any], name: str) -> dict[str, str]:
    """Return an object of texts, such as metadata."""
    found = body.get(name)
    return {k: str(v) for k, v in found.items()} if isinstance(found, dict) else {}
