"""Find the endpoint that a method and a path mean."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from fleet.endpoints.model import Endpoint
from fleet.endpoints.table import ENDPOINTS

_LONGEST_PATH = 512
_PARAM_VALUE = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Match:
    """Hold the endpoint that a path means, and the values in the path."""

    endpoint: Endpoint
    path_params: Mapping[str, str]


@dataclass(slots=True)
class _Node:
    literals: dict[str, "_Node"] = field(default_factory=dict)
    any_value: "_Node | None" = None
    by_method: dict[str, tuple[Endpoint, tuple[str, ...]]] = field(default_factory=dict)


def is_path_value(text: str) -> bool:
    """Tell whether a text may stand for a parameter inside a path."""
    return _PARAM_VALUE.fullmatch(text) is not None


def match(method: str, path: str) -> Match | None:
    """Return the endpoint for an upper-case method and a path, None if there is none.

    Segments must be exact: a doubled or trailing slash, a dot, a semicolon, a
    percent sign, a backslash or a control character matches nothing, because
    a value is 1 to 64 of `A-Z a-z 0-9 _ -`. A literal segment wins over a
    value. The path holds no query.
    """
    found = _walk(path)
    if found is None:
        return None
    node, values = found
    row = node.by_method.get(method)
    if row is None:
        return None
    endpoint, names = row
    return Match(endpoint, dict(zip(names, values, strict=True)))


def methods(path: str) -> tuple[str, ...]:
    """Return the methods that a path answers, sorted; empty for an unknown path."""
    found = _walk(path)
    return tuple(sorted(found[0].by_method)) if found else ()


def _walk(path: str) -> tuple[_Node, list[str]] | None:
    if len(path) > _LONGEST_PATH or not path.startswith("/"):
        return None
    node = _ROOT
    values: list[str] = []
    for segment in path[1:].split("/"):
        following = node.literals.get(segment)
        if following is None:
            following = node.any_value
            if following is None or not is_path_value(segment):
                return None
            values.append(segment)
        node = following
    return (node, values) if node.by_method else None


def _plant(endpoints: tuple[Endpoint, ...]) -> _Node:
    root = _Node()
    for endpoint in endpoints:
        node = root
        names: list[str] = []
        for segment in endpoint.path[1:].split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                following = node.any_value or _Node()
                node.any_value = following
                node = following
            else:
                node = node.literals.setdefault(segment, _Node())
        node.by_method[endpoint.method] = (endpoint, tuple(names))
    return root


_ROOT = _plant(ENDPOINTS)
