"""Answer as Paddle does when it refuses."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from simulator.paddle.ids import new_id


class Refused(Exception):
    """A request that the pretend Paddle refuses, with Paddle's own code."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail

    @property
    def answer(self) -> web.Response:
        """Return the refusal in Paddle's envelope."""
        kind = "request_error" if self.status < 500 else "api_error"
        content = {
            "error": {
                "type": kind,
                "code": self.code,
                "detail": self.detail or self.code.replace("_", " "),
                "documentation_url": f"https://developer.paddle.com/v1/errors/shared/{self.code}",
            },
            "meta": {"request_id": new_id("req")},
        }
        return web.json_response(content, status=self.status)


def only(body: Mapping[str, Any], *known: str) -> None:
    """Refuse fields that Paddle does not know. Raises `Refused`."""
    strange = sorted(set(body) - set(known))
    if strange:
        raise Refused(400, "invalid_field", f"unknown: {', '.join(strange)}")


def one_of(body: Mapping[str, Any], name: str, *allowed: str) -> str:
    """Return a field that has one of a few values. Raises `Refused`."""
    value = body.get(name)
    if not isinstance(value, str) or value not in allowed:
        raise Refused(400, "invalid_field", f"{name} is one of {', '.join(allowed)}")
    return value
