"""Ask Paddle's API one thing at a time.

Paddle knows no idempotency keys: nothing but a GET is ever repeated here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from billing.errors import ProviderAway, ProviderRefused
from billing.provider.http import exchange
from billing.provider.reading import mapping, objects, text

_ID: Final = re.compile(r"[a-z]{3}_[a-z\d]{26}")
_PER_PAGE: Final = 200
_MOST_PAGES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Client:
    """One Paddle account, live or sandbox. The key is never shown."""

    api_url: str
    api_key: str = field(repr=False)

    def get(self, *path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the `data` of one entity."""
        return self._data("GET", _path(path, query))

    def post(self, *path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Make something and return its `data`."""
        return self._data("POST", _path(path, None), content)

    def patch(self, *path: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Change something and return its `data`."""
        return self._data("PATCH", _path(path, None), content)

    def all(self, *path: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Return the entities of a list, page by page."""
        target = _path(path, {**query, "per_page": str(_PER_PAGE)})
        for _ in range(_MOST_PAGES):
            answer = self._ask("GET", target, None)
            yield from objects(answer, "data")
            pagination = mapping(mapping(answer, "meta"), "pagination")
            following = urlsplit(text(pagination, "next"))
            if pagination.get("has_more") is not True or not following.query:
                return
            # Only the query is taken: the key goes to no other host than ours.
            target = f"{_path(path, None)}?{following.query}"

    def _data(
        self, method: str, target: str, content: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        data = self._ask(method, target, content).get("data")
        if not isinstance(data, dict):
            raise ProviderAway("the answer has no data")
        return data

    def _ask(
        self, method: str, target: str, content: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.api_key}", "Paddle-Version": "1"}
        status, answer = exchange(method, self.api_url + target, headers, content)
        if status >= 300:
            request_id = text(mapping(answer, "meta"), "request_id")
            code = text(mapping(answer, "error"), "code")
            raise ProviderRefused(status, code or "unknown", request_id)
        return answer


def _path(parts: tuple[str, ...], query: Mapping[str, str] | None) -> str:
    """Join a path. Raises ValueError for what is neither a word nor an id."""
    for part in parts:
        if not re.fullmatch(r"[a-z-]+", part) and not _ID.fullmatch(part):
            raise ValueError("this cannot be part of an address")
    path = "/" + "/".join(parts)
    return f"{path}?{urlencode(query)}" if query else path
