"""Who may listen to what: the form of it. Who decides stands above this app."""

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from telemetry.stream.asked import Asked

Headers = Sequence[tuple[bytes, bytes]]


class NotAdmitted(Exception):
    """Nobody gets in: a whole answer, in the Fleet API's shape of errors."""

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body


def refusal(status: int, code: str, words: str, headers: Headers = ()) -> NotAdmitted:
    """Return a refusal with a code for programs and a sentence for people."""
    content = {"response": None, "error": code, "error_description": words}
    always = (
        (b"content-type", b"application/json; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    )
    body = json.dumps(content, separators=(",", ":")).encode()
    return NotAdmitted(status, (*always, *headers), body)


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who may listen.

    `products` are the VINs and site ids that they may hear of, `places` the VINs of
    which they may know where they are; `holder` is what is asked about again each
    second: streams of one holder share the answer. `proof` is what the admission knows
    them by, and stays out of logs.
    """

    account_id: UUID
    holder: Hashable = field(repr=False)
    products: frozenset[str]
    asked: Asked
    places: frozenset[str] = frozenset()
    proof: Any = field(default=None, repr=False, compare=False)


class Admission(Protocol):
    """Decides who listens; asked again and again while they do."""

    async def admit(self, scope: dict[str, Any]) -> Listener:
        """Return who listens to what. Raises `NotAdmitted`."""
        ...

    async def still(self, listeners: Sequence[Listener]) -> Sequence[Listener | None]:
        """Return what each listener may hear now, None when nothing any more.

        The answers are at most a second old.
        """
        ...
