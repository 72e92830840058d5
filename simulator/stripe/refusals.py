"""Answer as Stripe does when it refuses."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from simulator.stripe.ids import new_id

_TYPES = {402: "card_error", 429: "invalid_request_error"}


class Refused(Exception):
    """A request that the pretend Stripe refuses, with Stripe's own code."""

    def __init__(
        self, status: int, code: str, words: str = "", kind: str = "", param: str = ""
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.words = words
        self.param = param
        self.kind = kind or _TYPES.get(
            status, "invalid_request_error" if status < 500 else "api_error"
        )

    @property
    def answer(self) -> web.Response:
        """Return the refusal in Stripe's envelope."""
        error = {
            "type": self.kind,
            "code": self.code,
            "message": self.words or self.code.replace("_", " "),
            "doc_url": f"https://stripe.com/docs/error-codes/{self.code}",
        }
        if self.param:
            error["param"] = self.param
        return web.json_response(
            {"error": error}, status=self.status, headers={"Request-Id": new_id("req")}
        )


def missing(kind: str, external_id: str) -> Refused:
    """Return the refusal of an id that nothing has."""
    return Refused(
        404, "resource_missing", f"No such {kind}: '{external_id}'", "", "id"
    )


def only(body: Mapping[str, Any], *known: str) -> None:
    """Refuse parameters that Stripe does not know. Raises `Refused`."""
    for name in sorted(set(body) - {*known, "expand"}):
        raise Refused(
            400, "parameter_unknown", f"Received unknown parameter: {name}", "", name
        )


def yes_or_no(body: Mapping[str, Any], name: str) -> bool:
    """Return a parameter that is true or false. Raises `Refused`."""
    if body[name] not in {"true", "false"}:
        raise Refused(400, "parameter_invalid", f"Invalid boolean: {name}", "", name)
    return bool(body[name] == "true")
